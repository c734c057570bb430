using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using WaMcp.Domain.Channels.WhatsApp;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Webhooks;

/// <summary>
/// Senders who deliver as Meta does: what is not answered with 200 (another status, no answer in time, a connection that is cut) they deliver again, the
/// same bytes, after a short while and after others; some of what was acknowledged as well. Each time to any replica, as behind a load balancer.
/// </summary>
/// <param name="servers">The replicas.</param>
/// <param name="seed">Of every choice.</param>
internal sealed class KillSenders(IReadOnlyList<Uri> servers, int seed) : IDisposable
{
    private const int MostWaiting = 8;
    private const int RepeatedEach = 50;

    private static readonly byte[] Secret = Encoding.UTF8.GetBytes(TestSecrets.AppSecret);

    private readonly Uri[] addresses = [.. servers.Select(server => new Uri(server, "/webhooks/whatsapp"))];
    private readonly HttpClient http = new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(2), UseCookies = false }) { Timeout = TimeSpan.FromSeconds(10) };
    private readonly CancellationTokenSource stop = new();
    private readonly ConcurrentDictionary<int, byte> acknowledged = new();
    private readonly ConcurrentDictionary<string, int> answers = new();
    private int last;
    private int count;

    /// <summary>How many deliveries have been answered with 200.</summary>
    public int Count => Volatile.Read(ref count);

    /// <summary>Which.</summary>
    public IReadOnlyCollection<int> Acknowledged => [.. acknowledged.Keys.Order()];

    /// <summary>How often each answer was given.</summary>
    public string Answers => string.Join(", ", answers.OrderBy(answer => answer.Key).Select(answer => $"{answer.Value:N0} x {answer.Key}"));

    /// <summary>Delivers until it is enough, and then until everything that was delivered is acknowledged.</summary>
    public Task RunAsync(int senders, Func<bool> isEnough) =>
        Task.WhenAll(Enumerable.Range(0, senders).Select(sender => Task.Run(() => SendAsync(new Random(seed + sender), isEnough))));

    public void Dispose()
    {
        stop.Cancel();
        stop.Dispose();
        http.Dispose();
    }

    private async Task SendAsync(Random random, Func<bool> isEnough)
    {
        var again = new List<int>();
        while (!stop.IsCancellationRequested)
        {
            var enough = isEnough();
            if (enough && again.Count == 0)
            {
                return;
            }

            var number = again.Count > 0 && (enough || again.Count >= MostWaiting || random.Next(2) == 0)
                ? Take(again, random.Next(again.Count)) : Interlocked.Increment(ref last);
            if (!await IsAcknowledgedAsync(number, addresses[random.Next(addresses.Length)]))
            {
                again.Add(number);
                await Task.Delay(random.Next(5, 100), stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // as the provider waits
            }
            else if (acknowledged.TryAdd(number, 0))
            {
                Interlocked.Increment(ref count);
                if (random.Next(RepeatedEach) == 0)
                {
                    again.Add(number);
                }
            }
        }
    }

    private static int Take(List<int> numbers, int place)
    {
        var number = numbers[place];
        numbers.RemoveAt(place);
        return number;
    }

    private async Task<bool> IsAcknowledgedAsync(int number, Uri address)
    {
        var body = KillDeliveries.Body(number);
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new ByteArrayContent(body) };
        request.Headers.TryAddWithoutValidation(WhatsAppSignature.Header, $"sha256={Convert.ToHexStringLower(HMACSHA256.HashData(Secret, body))}");
        string answer;
        try
        {
            using var response = await http.SendAsync(request, stop.Token);
            answer = ((int)response.StatusCode).ToString(System.Globalization.CultureInfo.InvariantCulture);
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            answer = exception is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } ? "refused" : "cut or late";
        }

        answers.AddOrUpdate(answer, 1, (_, before) => before + 1);
        return answer == "200";
    }
}
