using WaMcp.Domain.Channels;
using WaMcp.Domain.Tenancy;
using WaMcp.Tests.Drivers;

namespace WaMcp.Tests.CrossTenant;

/// <summary>A client with a conversation: what a person wrote to it, and what it answered.</summary>
/// <param name="Client">The client, its channel and its key.</param>
/// <param name="Mcp">Its agent.</param>
/// <param name="Mark">Stands in everything that was written and in the person's name.</param>
/// <param name="Phone">The person's number, digits only.</param>
/// <param name="Received">The id of the message received.</param>
/// <param name="Sent">The id of the message sent.</param>
/// <param name="Conversation">The id of the conversation.</param>
/// <param name="Contact">The id of the contact.</param>
/// <param name="Media">The id of a file of the client's.</param>
internal sealed record Tenant(
    TestClient Client, McpDriver Mcp, string Mark, string Phone, string Received, string Sent, string Conversation, string Contact,
    string Media)
{
    public ClientId Id => Client.Client.Id;

    public Channel Channel => Client.Channel;

    /// <summary>What would betray this client, were it in somebody else's answer.</summary>
    public IReadOnlyList<string> Traces =>
    [
        Mark, Phone, Received, Sent, Conversation, Contact, Media, Id.ToString(), Client.Client.Slug, Client.Key.Id.ToString(),
        Channel.Id.ToString(), Channel.Name, Channel.ProviderId,
    ];
}
