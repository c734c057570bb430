using Microsoft.EntityFrameworkCore;
using WaMcp.Admin.CommandLine;
using WaMcp.Domain.Data;

namespace WaMcp.Admin.Channels;

/// <summary><c>admin channels list</c>.</summary>
internal sealed class ListChannelsCommand()
    : ConsoleCommand("list", "List the channels, oldest first.", "admin channels list", "admin channels list --output json | jq -r '.[].id'")
{
    public override async Task ExecuteAsync(Invocation run, CancellationToken cancellationToken)
    {
        var channels = await run.Get<WaMcpDbContext>().Channels.AsNoTracking()
            .OrderBy(channel => channel.CreatedAt).ThenBy(channel => channel.Id).ToListAsync(cancellationToken);
        run.Report.Show(channels.Select(ChannelRow.Of).ToArray());
    }
}
