using Microsoft.Extensions.DependencyInjection;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Data;
using WaMcp.Domain.Messages;
using WaMcp.Domain.Tenancy;
using WaMcp.Tests.Infrastructure;
using WaMcp.Tests.Tools;

namespace WaMcp.Tests.Messages;

/// <summary>Statuses that say that the provider refuses the whole number.</summary>
public sealed class RecordStatusTests : IAsyncLifetime
{
    private WaMcpSystem system = null!;
    private Talk talk = null!;

    public async Task InitializeAsync()
    {
        system = await WaMcpSystem.StartAsync();
        talk = await Talk.OpenAsync(system);
        await StopAsync(); // what is sent stays queued
    }

    public Task DisposeAsync() => system.DisposeAsync().AsTask();

    [Fact]
    public async Task AChannelStopsForAMessageThatFailsNowAndNotForOneThatFailedBeforeItWasResumed()
    {
        var (early, late) = (await QueuedAsync(), await QueuedAsync());
        await ResumedAsync(DateTimeOffset.UtcNow);

        await RecordAsync(early, DateTimeOffset.UtcNow.AddMinutes(-1));
        (await StoppedAsync()).ShouldBeNull();
        (await system.QueryAsync<long>("SELECT count(*) FROM messages WHERE state = 'Failed'")).ShouldBe(1);

        await RecordAsync(late, DateTimeOffset.UtcNow.AddMinutes(1));
        (await StoppedAsync()).ShouldBe("payment_missing:131042");
    }

    [Fact]
    public async Task AStatusThatComesTwiceStopsAChannelOnce()
    {
        var failed = await QueuedAsync();
        await ResumedAsync(DateTimeOffset.UtcNow.AddHours(-1));
        await RecordAsync(failed, DateTimeOffset.UtcNow);
        (await StoppedAsync()).ShouldNotBeNull();

        await ResumedAsync(DateTimeOffset.UtcNow.AddHours(-1));
        await RecordAsync(failed, DateTimeOffset.UtcNow);

        (await StoppedAsync()).ShouldBeNull();
    }

    private async Task<MessageId> QueuedAsync()
    {
        await StopAsync();
        var sent = (await talk.SendAsync("send_message", new { text = "hi" })).GetProperty("messageId").GetString()!;
        return TypedId.TryParse<MessageId>(sent, out var id) ? id : throw new InvalidOperationException(sent);
    }

    // Nothing is in the queue then: what is told of it must be all that changes it.
    private async Task ResumedAsync(DateTimeOffset at)
    {
        await system.QueryAsync<object>("DELETE FROM jobs");
        await system.QueryAsync<object>("UPDATE channels SET stopped_at = NULL, stopped_reason = NULL, resumed_at = $1", at);
    }

    private async Task RecordAsync(MessageId message, DateTimeOffset at)
    {
        await using var scope = system.ServerApplication.Services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<TenantContext>().Set(talk.Client.Client.Id);
        await using var transaction = await scope.ServiceProvider.GetRequiredService<WaMcpDbContext>().Database.BeginTransactionAsync();
        var status = new StatusUpdate(
            $"wamid.{message}", message, MessageState.Failed, at, "payment_missing:131042", "No.", null, null, StopsChannel: true);
        (await scope.ServiceProvider.GetRequiredService<RecordStatus>().ExecuteAsync(talk.Client.Channel.Id, status, CancellationToken.None)).ShouldBeTrue();
        await transaction.CommitAsync();
    }

    private Task<object?> StopAsync() => system.QueryAsync<object>("UPDATE channels SET stopped_at = now(), stopped_reason = 'a test'");

    private Task<string?> StoppedAsync() => system.QueryAsync<string>("SELECT stopped_reason FROM channels");
}
