using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using WaMcp.Sandbox.WhatsApp.Accounts;
using WaMcp.Sandbox.WhatsApp.Behaviour;

namespace WaMcp.Sandbox.WhatsApp.Graph;

/// <summary>
/// What every Graph request goes through: journal, delay, token, faults on demand, then the endpoint; and the one place where a
/// <see cref="GraphFault"/> becomes an answer.
/// </summary>
internal sealed partial class GraphPipeline(
    RequestDelegate next,
    GraphJournal journal,
    AccessTokens tokens,
    FaultBook faults,
    Customers customers,
    CurrentBehaviour behaviour,
    TimeProvider clock,
    ILogger<GraphPipeline> logger)
{
    private const int MaxJson = 4 * 1024 * 1024;

    public async Task InvokeAsync(HttpContext context)
    {
        var body = await ReadBodyAsync(context);
        var entry = journal.Add(context.Request.Method, Redaction.Path(context.Request), PhoneNumberId(context), Remembered(context, body));
        using var call = new GraphCall(context, entry, body);
        context.Features.Set(call);
        context.Response.Headers["facebook-api-version"] = (string?)context.Request.RouteValues["version"] ?? "v25.0";
        try
        {
            if (behaviour.Now.ResponseDelay is { Ticks: > 0 } delay)
            {
                await Task.Delay(delay, clock, context.RequestAborted);
            }

            await AnswerAsync(call);
        }
        catch (GraphFault fault) when (!context.Response.HasStarted)
        {
            await RefuseAsync(call, fault);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The caller has hung up; the journal shows the request without a status.
        }
        catch (Exception exception) when (!context.Response.HasStarted && exception is not BadHttpRequestException)
        {
            // The edge: a mistake in the sandbox must look like Meta's own 131000 and be seen in the log.
            LogMistake(exception, entry.Method, entry.Path);
            await RefuseAsync(call, new GraphFault(131000));
        }
    }

    private async Task AnswerAsync(GraphCall call)
    {
        var endpoint = call.Http.GetEndpoint() ?? throw GraphFault.Platform(2500, "Unknown path components");
        if (endpoint.Metadata.GetMetadata<OwnTokenCheck>() is null)
        {
            call.Token = tokens.Check(call.Http.Request, behaviour.Now.ProofSecret);
        }

        var entry = call.Entry;
        var fault = faults.Take(entry.Method, entry.Path, entry.PhoneNumberId, () => Recipient(call));
        if (fault is null)
        {
            await next(call.Http);
            return;
        }

        entry.Fault = fault.Order.Mode;
        await MeetAsync(call, fault);
    }

    private async Task MeetAsync(GraphCall call, FaultRule fault)
    {
        var gone = call.Http.RequestAborted;
        if (fault.Mode is not (FaultMode.Hang or FaultMode.RetryAfter) && fault.Delay is { } delay)
        {
            await Task.Delay(delay, clock, gone);
        }

        switch (fault.Mode)
        {
            case FaultMode.Error:
                throw new GraphFault(fault.Order.Code ?? 131000, fault.Order.Details) { HttpStatus = fault.Order.HttpStatus };
            case FaultMode.RetryAfter:
                var seconds = Math.Max(1, (long)Math.Ceiling((fault.Delay ?? TimeSpan.FromSeconds(1)).TotalSeconds));
                call.Http.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
                throw new GraphFault(fault.Order.Code ?? 130429, fault.Order.Details) { HttpStatus = fault.Order.HttpStatus ?? 429 };
            case FaultMode.Hang:
                await Task.Delay(fault.Delay ?? Timeout.InfiniteTimeSpan, clock, gone);
                call.Http.Abort();
                break;
            case FaultMode.DropBefore:
                call.Http.Abort();
                break;
            case FaultMode.DropAfter:
                await RunUnansweredAsync(call);
                call.Http.Abort();
                break;
            case FaultMode.Garbage:
                await AnswerGarbageAsync(call, fault.Order.HttpStatus ?? StatusCodes.Status200OK);
                break;
            default:
                throw new UnreachableException();
        }
    }

    /// <summary>Does what the request asks for and throws its answer away.</summary>
    private async Task RunUnansweredAsync(GraphCall call)
    {
        var answer = call.Http.Response.Body;
        call.Http.Response.Body = Stream.Null;
        try
        {
            await next(call.Http);
        }
        catch (GraphFault)
        {
            // Refused, and nobody is told: the connection is cut all the same.
        }
        finally
        {
            call.Http.Response.Body = answer;
            call.Http.Response.ContentLength = null;
            call.Entry.Status = null;
        }
    }

    /// <summary>With a 2xx the message was accepted and only the answer is unreadable; otherwise it is a broken proxy's page.</summary>
    private async Task AnswerGarbageAsync(GraphCall call, int status)
    {
        if (status < StatusCodes.Status300MultipleChoices)
        {
            await RunUnansweredAsync(call);
        }

        call.Entry.Status = status;
        call.Http.Response.StatusCode = status;
        call.Http.Response.ContentType = "text/html";
        await call.Http.Response.WriteAsync("<html><h1>Sorry, something went wrong.</h1>{\"messages\":[{\"id\":", call.Http.RequestAborted);
    }

    private static Task RefuseAsync(GraphCall call, GraphFault fault)
    {
        var status = fault.HttpStatus ?? GraphErrors.Of(fault.Code).HttpStatus;
        if (status == StatusCodes.Status401Unauthorized)
        {
            call.Http.Response.Headers.WWWAuthenticate = "OAuth \"Facebook Platform\" \"invalid_token\"";
        }

        var trace = "A" + Convert.ToBase64String(RandomNumberGenerator.GetBytes(16)).TrimEnd('=').Replace('+', '_').Replace('/', '-');
        call.Http.Response.Headers["x-fb-trace-id"] = trace;
        return call.AnswerAsync(writer => GraphErrorBody.WriteAnswer(writer, fault, trace), status);
    }

    // A person has a number and a user id, and a request names only one of them.
    private IEnumerable<string?> Recipient(GraphCall call)
    {
        try
        {
            var named = call.Body.IsEmpty ? null : (call.Json.FindText("to") ?? call.Json.FindText("recipient"))?.TrimStart('+');
            return customers.Find(named) is { } customer ? [customer.WaId, customer.UserId] : [named];
        }
        catch (GraphFault)
        {
            return [];
        }
    }

    private static string? PhoneNumberId(HttpContext context) =>
        context.GetEndpoint()?.Metadata.GetMetadata<NumberEndpoint>() is null ? null : (string?)context.Request.RouteValues["id"];

    private static ReadOnlyMemory<byte> Remembered(HttpContext context, ReadOnlyMemory<byte> body) =>
        body.IsEmpty || context.GetEndpoint()?.Metadata.GetMetadata<NumberEndpoint>() is { HasSecrets: false }
            ? body
            : Redaction.Body(body);

    private static async ValueTask<ReadOnlyMemory<byte>> ReadBodyAsync(HttpContext context)
    {
        if (context.Request.HasFormContentType || context.Request.ContentLength == 0)
        {
            return default;
        }

        while (true)
        {
            var read = await context.Request.BodyReader.ReadAsync(context.RequestAborted);
            if (read.IsCompleted || read.Buffer.Length > MaxJson)
            {
                var body = read.Buffer.Length > MaxJson ? [] : read.Buffer.ToArray();
                context.Request.BodyReader.AdvanceTo(read.Buffer.End);
                return body;
            }

            context.Request.BodyReader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The sandbox could not answer {Method} {Path}")]
    private partial void LogMistake(Exception exception, string method, string path);
}
