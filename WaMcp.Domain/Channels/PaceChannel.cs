using WaMcp.Domain.Audit;

namespace WaMcp.Domain.Channels;

/// <summary>Says how many messages a channel may send in a second: what the provider allows the number.</summary>
/// <param name="find">Finds the channel.</param>
/// <param name="change">Saves it with its audit row.</param>
public sealed class PaceChannel(FindChannel find, AuditedChange change)
{
    /// <summary>The most that any provider allows a number.</summary>
    public const int Fastest = 1_000;

    /// <summary>Sets the pace; it holds from the next message on, in all workers together.</summary>
    /// <exception cref="Fault"><c>not_found</c>, <c>invalid_input</c>.</exception>
    public async Task<Channel> ExecuteAsync(string reference, int messagesPerSecond, CancellationToken cancellationToken)
    {
        if (messagesPerSecond is < 1 or > Fastest)
        {
            throw Fault.Invalid("messages-per-second", $"must be 1 to {Fastest}.", "WhatsApp allows 80, and 1,000 after its upgrade of the number.");
        }

        var channel = await find.ExecuteAsync(reference, cancellationToken);
        var before = channel.MessagesPerSecond;
        channel.MessagesPerSecond = messagesPerSecond;
        await change.SaveAsync(
            change.Row(AuditAction.ChannelPaced) with { ChannelId = channel.Id },
            new() { ["messages_per_second"] = messagesPerSecond, ["before"] = before },
            cancellationToken);
        return channel;
    }
}
