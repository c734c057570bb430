using WaMcp.Sandbox.Phone;
using WaMcp.Sandbox.WhatsApp.Behaviour;
using WaMcp.Sandbox.WhatsApp.Chats;

namespace WaMcp.Sandbox.WhatsApp.Webhooks;

/// <summary>Makes the statuses of what the business sent: by themselves after a send, when the phone page reads, and by hand.</summary>
internal sealed class ReportStatuses(WebhookQueue webhooks, PhoneFeed phone, CurrentBehaviour behaviour, TimeProvider clock)
{
    public void Start(ChatMessage message, int refusal)
    {
        var settings = behaviour.Now;
        var now = clock.GetUtcNow();
        if (refusal != 0)
        {
            Add(message, "failed", now + settings.WebhookDelay, refusal);
            return;
        }

        // A reaction is only ever "sent"; reading waits for the phone page unless customers read by themselves.
        var names = message.Type == "reaction"
            ? settings.Statuses.Where(name => name == "sent")
            : settings.Statuses.Where(name => name is not ("read" or "played") || settings.AutoRead);
        var steps = names.Select((name, index) => (Name: name, At: now + (settings.WebhookDelay * (index + 1)))).ToArray();
        var due = steps.Select(step => step.At).ToArray();
        if (settings.Disorder)
        {
            Shuffle(steps);
        }

        for (var index = 0; index < steps.Length; index++)
        {
            Add(message, steps[index].Name, steps[index].At, due: due[index]);
        }
    }

    /// <summary>The customer looks at the chat: everything in it has been read.</summary>
    public int Read(Chat chat)
    {
        var settings = behaviour.Now;
        var count = 0;
        foreach (var message in chat.Messages())
        {
            if (message.FromCustomer || message.Type == "reaction" || !message.Advance(Progress.Read))
            {
                continue;
            }

            count++;
            phone.Show(message);
            if (settings.Statuses.Contains("read", StringComparer.Ordinal))
            {
                Add(message, "read", clock.GetUtcNow());
            }
        }

        return count;
    }

    public void Report(ChatMessage message, string status, int errorCode, string? errorDetails) =>
        Add(message, status, clock.GetUtcNow(), errorCode, errorDetails);

    private void Add(
        ChatMessage message, string status, DateTimeOffset at, int errorCode = 131000, string? errorDetails = null, DateTimeOffset? due = null) =>
        webhooks.Add(new StatusUpdate(message, status, at, phone)
        {
            ErrorCode = errorCode,
            ErrorDetails = errorDetails,
            HidesNumber = message.ByUserId,
            Echoes = behaviour.Now.Echo,
            Due = due ?? at,
        });

    /// <summary>Any order but the natural one.</summary>
    private static void Shuffle((string Name, DateTimeOffset At)[] steps)
    {
        if (steps.Length < 2)
        {
            return;
        }

        var natural = steps.ToArray();
        do
        {
            Random.Shared.Shuffle(steps);
        }
        while (steps.SequenceEqual(natural));
    }
}
