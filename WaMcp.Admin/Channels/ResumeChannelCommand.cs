using System.CommandLine;
using WaMcp.Admin.CommandLine;
using WaMcp.Domain.Channels;

namespace WaMcp.Admin.Channels;

/// <summary><c>admin channels resume</c>.</summary>
internal sealed class ResumeChannelCommand : ConsoleCommand
{
    private readonly Option<string> channel = ChannelOption.Create("The channel that may send again.");

    public ResumeChannelCommand()
        : base(
            "resume",
            "Let a channel send again that was stopped because the provider refused it. Mend the cause first, or it stops again.",
            "admin channels resume --phone support")
    {
        Add(channel);
    }

    public override async Task ExecuteAsync(Invocation run, CancellationToken cancellationToken) =>
        run.Report.Show(ChannelRow.Of(await run.Get<ResumeChannel>().ExecuteAsync(run.Required(channel), cancellationToken)));
}
