using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using WaMcp.Domain.Contacts;
using WaMcp.Domain.Data;
using WaMcp.Domain.Media;
using WaMcp.Domain.Messages;
using WaMcp.Domain.Tenancy;
using WaMcp.Tests.Drivers;
using WaMcp.Tests.Infrastructure;
using WaMcp.Tests.Tools;

namespace WaMcp.Tests.CrossTenant;

/// <summary>Two clients on numbers of their own, each in the middle of a conversation over the sandbox.</summary>
public sealed class TwoTenants(SharedSystem shared) : IAsyncLifetime
{
    internal WaMcpSystem System => shared.System;

    internal Tenant A { get; private set; } = null!;

    internal Tenant B { get; private set; } = null!;

    public async Task InitializeAsync() =>
        (A, B) = (await TalkAsync(ConsoleDriver.SupportNumber), await TalkAsync(ConsoleDriver.SalesNumber));

    public Task DisposeAsync() => Task.CompletedTask;

    private async Task<Tenant> TalkAsync(string phoneNumberId)
    {
        var client = await System.Console.OnboardAsync(phoneNumberId, rpm: 100_000);
        System.Console.Keep(client);
        var mcp = System.Mcp(client.Token);
        var mark = $"mark{Guid.NewGuid():N}";
        var phone = $"1555{RandomNumberGenerator.GetInt32(1_000_000, 10_000_000)}";

        await System.Sandbox.WriteAsync($"Hello {mark}", phone, phoneNumberId, $"Ada {mark}");
        var received = await MessageTests.InboundAsync(mcp, client, $"Hello {mark}");
        var sent = await mcp.ResultAsync("send_message", new { channel = client.Channel.Name, to = phone, text = $"Welcome {mark}", idempotencyKey = mark });
        var sentId = sent.GetProperty("messageId").GetString()!;
        await MessageTests.StateAsync(mcp, sentId, "read"); // from here on nothing about it changes

        var media = await UploadAsync(client, mark);
        TypedId.TryParse<MessageId>(sentId, out var carrier).ShouldBeTrue();
        TypedId.TryParse<MediaObjectId>(media, out var file).ShouldBeTrue();
        await System.QueryAsync<object>("UPDATE messages SET media_ids = ARRAY[$2] WHERE id = $1", carrier.Value, file.Value);
        await EndpointAsync(client, mark);
        await AliasAsync(client, mark, received.GetProperty("contact").GetProperty("id").GetString()!);
        return new Tenant(
            client, mcp, mark, phone, received.GetProperty("id").GetString()!, sentId, received.GetProperty("conversationId").GetString()!,
            received.GetProperty("contact").GetProperty("id").GetString()!,
            media);
    }

    // Where the client was told what happens, until it was switched off.
    private async Task EndpointAsync(TestClient client, string mark)
    {
        await using var scope = System.ServerApplication.Services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<TenantContext>().Set(client.Client.Id);
        var database = scope.ServiceProvider.GetRequiredService<WaMcpDbContext>();
        database.Add(new Domain.Endpoints.Endpoint
        {
            Id = TypedId.New<Domain.Endpoints.EndpointId>(),
            ClientId = client.Client.Id,
            Url = $"https://{mark}.example/",
            Events = ["message.received"],
            SecretSealed = Encoding.UTF8.GetBytes(mark),
            CreatedAt = DateTimeOffset.UtcNow,
            DisabledAt = DateTimeOffset.UtcNow,
            DisabledReason = "operator",
        });
        await database.SaveChangesAsync();
    }

    // What the person was called before, what they were put together with, and a status of nobody's message.
    private async Task AliasAsync(TestClient client, string mark, string contact)
    {
        await using var scope = System.ServerApplication.Services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<TenantContext>().Set(client.Client.Id);
        var database = scope.ServiceProvider.GetRequiredService<WaMcpDbContext>();
        TypedId.TryParse<ContactId>(contact, out var id).ShouldBeTrue();
        database.Add(new ContactAlias
        {
            Id = Guid.CreateVersion7(),
            ClientId = client.Client.Id,
            ChannelId = client.Channel.Id,
            Kind = AliasKind.User,
            Value = $"US.{mark}",
            ContactId = id,
            Until = DateTimeOffset.UtcNow,
            CreatedAt = DateTimeOffset.UtcNow,
        });
        database.Add(new EndedId { Id = Guid.CreateVersion7(), ClientId = client.Client.Id, KeptId = id.Value, CreatedAt = DateTimeOffset.UtcNow });
        database.Add(new EarlyStatus
        {
            Id = Guid.CreateVersion7(),
            ClientId = client.Client.Id,
            ChannelId = client.Channel.Id,
            ProviderMessageId = $"wamid.{mark}",
            State = MessageState.Sent,
            Document = "{}",
            CreatedAt = DateTimeOffset.UtcNow,
        });
        await database.SaveChangesAsync();
    }

    // A file of the client's and the provider's copy of it.
    private async Task<string> UploadAsync(TestClient client, string mark)
    {
        await using var scope = System.ServerApplication.Services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<TenantContext>().Set(client.Client.Id);
        var data = Convert.ToBase64String(Encoding.UTF8.GetBytes($"A note to {mark}"));
        var kept = await scope.ServiceProvider.GetRequiredService<AcceptMedia>()
            .ExecuteAsync(new MediaRequest(new MediaSource.Inline(data), MediaKind.Document, null, $"{mark}.txt"), keep: true, CancellationToken.None);
        var database = scope.ServiceProvider.GetRequiredService<WaMcpDbContext>();
        database.Add(new MediaUpload
        {
            Id = TypedId.New<MediaUploadId>(),
            ClientId = client.Client.Id,
            MediaId = kept.Id,
            ChannelId = client.Channel.Id,
            ProviderMediaId = mark,
            CreatedAt = DateTimeOffset.UtcNow,
            ExpiresAt = DateTimeOffset.UtcNow.AddDays(30),
        });
        await database.SaveChangesAsync();
        return kept.Id.ToString();
    }
}
