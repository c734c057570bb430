using Microsoft.EntityFrameworkCore;
using Npgsql;
using WaMcp.Domain.Access;
using WaMcp.Domain.Audit;
using WaMcp.Domain.Channels.WhatsApp;
using WaMcp.Domain.Data;

namespace WaMcp.Domain.Channels;

/// <summary>Adds a channel that messages can go through.</summary>
/// <param name="context">The database.</param>
/// <param name="change">Saves it with its audit row.</param>
/// <param name="box">Seals BYOA credentials.</param>
/// <param name="apps">Knows the other numbers of the same app.</param>
/// <param name="epochs">Tells the servers of a new secret.</param>
/// <param name="clock">Stamps it.</param>
public sealed class AddChannel(WaMcpDbContext context, AuditedChange change, SecretBox box, AppSecrets apps, ClientEpoch epochs, TimeProvider clock)
{
    /// <summary>What an operator tells about a WhatsApp number.</summary>
    /// <param name="Name">Kebab-case name.</param>
    /// <param name="PhoneNumberId">Meta's id of the number.</param>
    /// <param name="AccountId">Meta's id of the WhatsApp Business Account.</param>
    /// <param name="DisplayPhoneNumber">The number as people see it.</param>
    /// <param name="AccessToken">BYOA: the organisation's System User token.</param>
    /// <param name="AppSecret">BYOA: the organisation's app secret.</param>
    public sealed record WhatsAppNumber(
        string Name, string PhoneNumberId, string? AccountId, string DisplayPhoneNumber, string? AccessToken = null, string? AppSecret = null);

    /// <summary>Adds a WhatsApp number; with an access token it is BYOA, without one it uses the platform's app.</summary>
    /// <exception cref="Fault"><c>invalid_input</c>, or <c>conflict</c> for a name or number that is there already.</exception>
    public async Task<Channel> ExecuteAsync(WhatsAppNumber number, CancellationToken cancellationToken)
    {
        Slug.Require("name", number.Name);
        RequireDigits("phone-number-id", number.PhoneNumberId);
        if (number.AccountId is { } account)
        {
            RequireDigits("waba-id", account);
        }

        if (string.IsNullOrWhiteSpace(number.DisplayPhoneNumber) || number.DisplayPhoneNumber.Length > 40)
        {
            throw Fault.Invalid("display-phone", "must be 1 to 40 characters.", "Write the number as people see it, for example +1 555 010 0001.");
        }

        if ((number.AccessToken is null) != (number.AppSecret is null))
        {
            throw Fault.Invalid("access-token", "a BYOA channel needs both its access token and its app secret.");
        }

        var channel = Build(number);
        if (number.AppSecret is { } appSecret && await apps.OfSecretAsync(appSecret, cancellationToken) is [var other, ..])
        {
            apps.TakeOver(channel, other); // another number of the same app: what that app signed before speaks for this one too
        }

        context.Channels.Add(channel);
        try
        {
            await change.SaveAsync(
                change.Row(AuditAction.ChannelAdded) with { ChannelId = channel.Id },
                new() { ["name"] = channel.Name, ["kind"] = channel.Kind.ToString(), ["profile"] = channel.Profile.ToString() },
                cancellationToken);
        }
        catch (DbUpdateException exception) when (exception.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation } violation)
        {
            throw violation.ConstraintName == "channels_name_key"
                ? new Fault(FaultCode.Conflict, $"A channel named '{number.Name}' exists already.", "Choose another --name.", "name")
                : new Fault(FaultCode.Conflict, $"Phone number id {number.PhoneNumberId} is a channel already.", "`admin channels list` shows it.", "phone-number-id");
        }

        if (channel.AppSecretSealed is not null)
        {
            await epochs.TellChannelsAsync();
        }

        return channel;
    }

    private Channel Build(WhatsAppNumber number)
    {
        var id = TypedId.New<ChannelId>();
        return new Channel
        {
            Id = id,
            Kind = ChannelKind.WhatsApp,
            Name = number.Name,
            Profile = number.AccessToken is null ? ChannelProfile.Platform : ChannelProfile.Byoa,
            ProviderId = number.PhoneNumberId,
            AccountId = number.AccountId,
            Address = number.DisplayPhoneNumber.Trim(),
            AccessTokenSealed = number.AccessToken is { } token ? box.Seal(token, WhatsAppCredentials.Purpose(id, "access_token")) : null,
            AppSecretSealed = number.AppSecret is { } secret ? box.Seal(secret, WhatsAppCredentials.Purpose(id, "app_secret")) : null,
            CreatedAt = clock.GetUtcNow(),
        };
    }

    private static void RequireDigits(string field, string value)
    {
        if (value.Length is 0 or > 32 || !value.All(char.IsAsciiDigit))
        {
            throw Fault.Invalid(field, $"'{value}' is not an id of Meta's.", "Copy the digits from WhatsApp Manager.");
        }
    }
}
