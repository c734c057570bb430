using System.CommandLine;
using Microsoft.EntityFrameworkCore;
using WaMcp.Admin.CommandLine;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Data;

namespace WaMcp.Admin.Channels;

/// <summary><c>admin channels facts</c>.</summary>
internal sealed class ChannelFactsCommand : ConsoleCommand
{
    private const int Most = 200;

    private readonly Argument<string> channel = new("channel") { Description = "Its id, name or phone number id." };

    public ChannelFactsCommand()
        : base(
            "facts",
            $"Show what the provider told about a channel, newest first: templates, quality, limits, the account, people who want no marketing. The last {Most}.",
            "admin channels facts support")
    {
        Add(channel);
    }

    public override async Task ExecuteAsync(Invocation run, CancellationToken cancellationToken)
    {
        var id = (await run.Get<FindChannel>().ExecuteAsync(run.Required(channel), cancellationToken)).Id;
        var facts = await run.Get<WaMcpDbContext>().ChannelFacts.AsNoTracking().Where(fact => fact.ChannelId == id)
            .OrderByDescending(fact => fact.ToldAt).ThenByDescending(fact => fact.Id).Take(Most).ToListAsync(cancellationToken);
        run.Report.Show(facts.Select(FactRow.Of).ToArray());
    }
}
