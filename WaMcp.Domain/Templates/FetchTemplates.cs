using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Data;

namespace WaMcp.Domain.Templates;

/// <summary>
/// An account's templates: our copy while it is fresh, else what the provider has now. A provider that does not answer is not asked again
/// by this process for a while, and the old copy is used; without any copy the caller is told.
/// </summary>
/// <param name="services">A scope for each look: templates belong to no client.</param>
/// <param name="clock">How long ago.</param>
/// <param name="logger">For a provider that cannot be asked.</param>
public sealed partial class FetchTemplates(IServiceScopeFactory services, TimeProvider clock, ILogger<FetchTemplates> logger)
{
    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(15);

    private readonly ConcurrentDictionary<string, Account> accounts = new(StringComparer.Ordinal);

    /// <summary>The templates of the channel's account.</summary>
    /// <exception cref="Fault">The provider cannot be asked and there is no copy: <c>unavailable</c>, <c>provider_refused</c>, <c>misconfigured</c>.</exception>
    public async Task<TemplateShelf> ExecuteAsync(ChannelId id, CancellationToken cancellationToken)
    {
        await using var scope = services.CreateAsyncScope();
        var book = scope.ServiceProvider.GetRequiredService<TemplateBook>();
        var channel = await scope.ServiceProvider.GetRequiredService<WaMcpDbContext>().Channels.AsNoTracking()
            .SingleAsync(row => row.Id == id, cancellationToken);
        var name = channel.AccountId ?? throw new Fault(
            FaultCode.Misconfigured, $"The provider's account of channel {channel.Name} is not known.", "Ask the operator to add the channel with its account id.");
        if (await book.ReadAsync(name, cancellationToken) is { IsFresh: true } fresh)
        {
            return fresh;
        }

        // The provider allows few such questions an hour, so of many callers one asks.
        var account = accounts.GetOrAdd(name, _ => new Account());
        await account.Turn.WaitAsync(cancellationToken);
        try
        {
            var known = await book.ReadAsync(name, cancellationToken);
            return known is { IsFresh: true } ? known
                : await AskAsync(scope.ServiceProvider, channel, name, account, known, cancellationToken);
        }
        finally
        {
            account.Turn.Release();
        }
    }

    private async Task<TemplateShelf> AskAsync(
        IServiceProvider scope, Channel channel, string name, Account account, TemplateShelf? known, CancellationToken cancellationToken)
    {
        if (account.Failed is var (failure, at) && clock.GetElapsedTime(at) < AfterFailure)
        {
            return known ?? throw failure;
        }

        try
        {
            var (asOf, book) = (clock.GetUtcNow(), scope.GetRequiredService<TemplateBook>());
            var seen = await book.ChangedAsync(name, cancellationToken);
            var templates = await scope.GetRequiredService<IEnumerable<IChannel>>().Single(candidate => candidate.Kind == channel.Kind)
                .TemplatesAsync(channel, cancellationToken);
            await book.ReplaceAsync(name, templates, asOf, seen, cancellationToken);
            account.Failed = null;
            return (await book.ReadAsync(name, cancellationToken))! with { IsFresh = true };
        }
        catch (Fault fault)
        {
            account.Failed = (fault, clock.GetTimestamp());
            LogNotFetched(channel.Id, fault.Message);
            if (known is null)
            {
                throw;
            }

            return known;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The templates of {Channel} cannot be fetched: {Reason}")]
    private partial void LogNotFetched(ChannelId channel, string reason);

    private sealed class Account
    {
        public SemaphoreSlim Turn { get; } = new(1);

        public (Fault Fault, long At)? Failed { get; set; }
    }
}
