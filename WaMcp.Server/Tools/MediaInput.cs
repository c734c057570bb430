using System.ComponentModel;

namespace WaMcp.Server.Tools;

/// <summary>A file that a message carries.</summary>
[Description("A file.")]
internal sealed record MediaInput(
    [property: Description("The id (med_…) of a file that is stored here.")] string MediaId);
