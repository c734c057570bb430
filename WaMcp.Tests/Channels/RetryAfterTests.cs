using System.Globalization;
using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Channels.WhatsApp;
using WaMcp.Domain.Data;
using WaMcp.Domain.Media;
using WaMcp.Domain.Messages;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Channels;

public sealed class RetryAfterTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("90", 90)]
    [InlineData("Sun, 22 Nov 2026 12:05:00 GMT", 300)]
    [InlineData("Sun, 22 Nov 2026 11:00:00 GMT", null)]
    [InlineData("0", null)]
    [InlineData("999999999", 86400)]
    [InlineData("soon", null)]
    public async Task IsObeyedInBothItsFormsAndWithinReason(string header, int? seconds)
    {
        var outcome = (await AnswerAsync(HttpStatusCode.TooManyRequests, "<html>busy</html>", header)).ShouldBeOfType<SendOutcome.Postponed>();
        outcome.RetryAfter?.TotalSeconds.ToString(CultureInfo.InvariantCulture).ShouldBe(seconds?.ToString(CultureInfo.InvariantCulture));
        (await AnswerAsync(HttpStatusCode.BadRequest, """{"error":{"code":130429}}""", header)).ShouldBeOfType<SendOutcome.Postponed>()
            .RetryAfter.ShouldBe(outcome.RetryAfter);
        outcome.RetryAfter.HasValue.ShouldBe(seconds.HasValue);
    }

    private static async Task<SendOutcome> AnswerAsync(HttpStatusCode status, string body, string retryAfter)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(TestSecrets.Settings).Build();
        using var http = new HttpClient(new Provider(status, body, retryAfter));
        var channel = new WhatsAppChannel(
            http, new WhatsAppCredentials(configuration, new SecretBox(configuration)), Options.Create(new WhatsAppOptions()), new ManualClock(Now),
            new WhatsAppFiles(new GuardedHttp(new FetchRoute()), Options.Create(new WhatsAppOptions())));
        var number = new Channel { Name = "support", ProviderId = "1", Address = "+1" };
        return await channel.SendAsync(number, new Recipient(null, "15550100100"), new TextContent("hello"), TypedId.New<MessageId>(), new Dictionary<MediaObjectId, string>(), default);
    }

    private sealed class Provider(HttpStatusCode status, string body, string retryAfter) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var response = new HttpResponseMessage(status) { Content = new StringContent(body) };
            response.Headers.TryAddWithoutValidation("Retry-After", retryAfter);
            return Task.FromResult(response);
        }
    }
}
