using System.CommandLine;

namespace WaMcp.Admin.Endpoints;

/// <summary>The endpoint that a command is about.</summary>
internal static class EndpointArgument
{
    public static Argument<string> Create() => new("endpoint") { Description = "The endpoint's id (end_…)." };
}
