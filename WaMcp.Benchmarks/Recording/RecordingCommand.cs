using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Npgsql;
using WaMcp.Benchmarks.Delivery;

namespace WaMcp.Benchmarks.Recording;

/// <summary><c>bench recording</c>: stored deliveries until every granted client has its part of them.</summary>
internal sealed class RecordingCommand : Command
{
    private const string Channel = "00000000-0000-7000-8000-000000000002";

    private readonly Option<int> deliveries = new("--deliveries") { Description = "Deliveries of a round, one message in each.", DefaultValueFactory = _ => 5_000 };
    private readonly Option<int[]> clients = new("--clients")
    {
        Description = "Clients who are granted the number, one round each.",
        DefaultValueFactory = _ => [1, 10, 300],
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<int> people = new("--people") { Description = "How many people write, in turns.", DefaultValueFactory = _ => 2_000 };

    public RecordingCommand()
        : base(
            "recording",
            "Stores deliveries as the server leaves them and then starts a worker, which takes them apart and records each client's part; worker and Postgres are processes of "
            + "their own on this machine. Says deliveries and parts a second, and what processor time each took. A round of more clients has as many parts, so fewer deliveries.")
    {
        Add(deliveries);
        Add(clients);
        Add(people);
        SetAction(RunAsync);
    }

    private async Task RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var most = parsed.GetValue(deliveries);
        Console.WriteLine($"{"clients",7}  {"deliveries",10}  {"deliveries/s",12}  {"parts/s",8}  {"worker, us/part",15}  {"postgres, us/part",17}");
        foreach (var count in parsed.GetValue(clients)!)
        {
            await MeasureAsync(count, Math.Max(most / count, Math.Min(most, 20)), parsed.GetValue(people), cancellationToken);
        }
    }

    private static async Task MeasureAsync(int clients, int deliveries, int people, CancellationToken cancellationToken)
    {
        await using var postgres = await BenchPostgres.StartAsync(cancellationToken);
        await PrepareAsync(postgres, clients, cancellationToken);
        await using var database = NpgsqlDataSource.Create(postgres.Owner);
        var warm = Math.Min(deliveries, 500);
        await StoreAsync(postgres, 0, warm, people, cancellationToken); // once, so that everything is compiled
        await using var worker = await BenchProgram.StartAsync("WaMcp.Worker", BenchProgram.FreePort(), BenchProgram.Settings(postgres), cancellationToken);
        await EmptyAsync(database, cancellationToken);
        await postgres.ExecuteAsync("ANALYZE", cancellationToken); // as Postgres does by itself in a system that has run for a minute

        var (workerBefore, postgresBefore) = (ProcessorTime.Of(worker.ProcessId), ProcessorTime.Of(postgres.ProcessId, withChildren: true));
        await StoreAsync(postgres, warm, deliveries, people, cancellationToken);
        var started = Stopwatch.GetTimestamp();
        await EmptyAsync(database, cancellationToken);
        var took = Stopwatch.GetElapsedTime(started);
        var parts = (double)deliveries * clients;
        await using var recorded = database.CreateCommand("SELECT count(*) FROM messages");
        var expected = ((long)deliveries + warm) * clients;
        if ((long)(await recorded.ExecuteScalarAsync(cancellationToken))! is var found && found != expected)
        {
            throw new InvalidOperationException($"{found} messages were recorded instead of {expected}.");
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{clients,7}  {deliveries,10:N0}  {deliveries / took.TotalSeconds,12:N0}  {parts / took.TotalSeconds,8:N0}  "
            + $"{(ProcessorTime.Of(worker.ProcessId) - workerBefore).TotalMicroseconds / parts,15:N0}  "
            + $"{(ProcessorTime.Of(postgres.ProcessId, withChildren: true) - postgresBefore).TotalMicroseconds / parts,17:N0}"));
    }

    private static Task PrepareAsync(BenchPostgres postgres, int clients, CancellationToken cancellationToken) => postgres.ExecuteAsync(
        $"""
        INSERT INTO channels (id, kind, name, profile, provider_id, account_id, address, created_at)
            VALUES ('{Channel}', 'WhatsApp', 'bench', 'Platform', '100000000000001', '200000000000001', '+1 555 010 0001', now());
        INSERT INTO clients (id, slug, display_name, is_owner, created_at)
            SELECT ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 'client-' || n, 'Client', false, now() FROM generate_series(1, {clients}) n;
        INSERT INTO grants (id, client_id, channel_id, tools, daily_message_cap, created_at)
            SELECT gen_random_uuid(), id, '{Channel}', ARRAY['get_messages'], 1000, now() - interval '1 day' FROM clients WHERE slug LIKE 'client-%';
        ANALYZE
        """,
        cancellationToken);

    private static Task StoreAsync(BenchPostgres postgres, int first, int count, int people, CancellationToken cancellationToken) => postgres.ExecuteAsync(
        $$"""
        WITH event AS (
            INSERT INTO webhook_events (id, provider, request_id, received_at, body)
            SELECT gen_random_uuid(), 'WhatsApp', 'bench-' || n, now(), convert_to(json_build_object('object', 'whatsapp_business_account', 'entry', json_build_array(
                json_build_object('id', '200000000000001', 'changes', json_build_array(json_build_object('field', 'messages', 'value', json_build_object(
                    'messaging_product', 'whatsapp', 'metadata', json_build_object('display_phone_number', '15550100001', 'phone_number_id', '100000000000001'),
                    'contacts', json_build_array(json_build_object('wa_id', 15560000000 + n % {{people}} || '', 'user_id', 'US.' || 1000000000000 + n % {{people}}, 'profile', json_build_object('name', 'Somebody'))),
                    'messages', json_build_array(json_build_object('from', 15560000000 + n % {{people}} || '', 'from_user_id', 'US.' || 1000000000000 + n % {{people}}, 'id', 'wamid.' || md5(n::text),
                        'timestamp', (extract(epoch FROM now())::bigint)::text, 'type', 'text', 'text', json_build_object('body', 'A message of a benchmark.')))))))))::text, 'UTF8')
            FROM generate_series({{first}}, {{first + count - 1}}) n
            RETURNING id)
        INSERT INTO jobs (id, kind, subject_id, run_at) SELECT gen_random_uuid(), 'FanOut', id, now() FROM event;
        NOTIFY wamcp_jobs
        """,
        cancellationToken);

    private static async Task EmptyAsync(NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("SELECT EXISTS (SELECT FROM jobs WHERE dead_at IS NULL)");
        while ((bool)(await command.ExecuteScalarAsync(cancellationToken))!)
        {
            await Task.Delay(20, cancellationToken);
        }
    }
}
