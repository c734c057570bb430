using System.CommandLine;
using WaMcp.Admin.CommandLine;

namespace WaMcp.Admin.Peppers;

/// <summary><c>admin pepper</c>.</summary>
internal sealed class PepperCommand : Command, IHasExamples
{
    public PepperCommand()
        : base("pepper", "The secret under which API keys are hashed (api_key_pepper): who still depends on an old one, and a new one in its place.")
    {
        Add(new PepperStatusCommand());
        Add(new RotatePepperCommand());
    }

    public IReadOnlyList<string> Examples { get; } = ["admin pepper status", "admin pepper rotate --soft --window 30d"];
}
