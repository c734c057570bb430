using Microsoft.EntityFrameworkCore;
using Npgsql;
using WaMcp.Domain.Audit;
using WaMcp.Domain.Data;

namespace WaMcp.Domain.Tenancy;

/// <summary>Creates a tenant.</summary>
/// <param name="context">The database.</param>
/// <param name="change">Saves it with its audit row.</param>
/// <param name="clock">Stamps it.</param>
public sealed class CreateClient(WaMcpDbContext context, AuditedChange change, TimeProvider clock)
{
    /// <summary>Creates the client.</summary>
    /// <exception cref="Fault"><c>invalid_input</c> for a bad slug; <c>conflict</c> for a slug that exists and for a second owner.</exception>
    public async Task<Client> ExecuteAsync(string slug, string displayName, bool isOwner, CancellationToken cancellationToken)
    {
        Slug.Require("name", slug);
        if (string.IsNullOrWhiteSpace(displayName) || displayName.Length > 200)
        {
            throw Fault.Invalid("display-name", "must be 1 to 200 characters.");
        }

        var client = new Client
        {
            Id = TypedId.New<ClientId>(),
            Slug = slug,
            DisplayName = displayName.Trim(),
            IsOwner = isOwner,
            CreatedAt = clock.GetUtcNow(),
        };
        context.Clients.Add(client);
        try
        {
            await change.SaveAsync(
                change.Row(AuditAction.ClientCreated) with { ClientId = client.Id },
                new() { ["slug"] = slug, ["isOwner"] = isOwner },
                [],
                cancellationToken);
        }
        catch (DbUpdateException exception) when (exception.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation } violation)
        {
            throw violation.ConstraintName == "clients_one_owner"
                ? new Fault(FaultCode.Conflict, "There is an owner already; there can be only one.", "`admin clients list` shows it.", "owner")
                : new Fault(FaultCode.Conflict, $"A client named '{slug}' exists already.", "Choose another --name.", "name");
        }

        return client;
    }
}
