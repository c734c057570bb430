using WaMcp.Sandbox.Control;

namespace WaMcp.Sandbox.WhatsApp.Behaviour;

/// <summary>The faults in force, oldest first; the first that matches a request is the one it meets.</summary>
internal sealed class FaultBook
{
    private readonly Lock gate = new();
    private readonly List<FaultRule> rules = [];
    private volatile bool any;
    private int lastId;

    public FaultRule Add(FaultOrder order)
    {
        lock (gate)
        {
            var rule = new FaultRule(++lastId, order);
            rules.Add(rule);
            any = true;
            return rule;
        }
    }

    public FaultRule? Take(string method, string path, string? phoneNumberId, Func<IEnumerable<string?>> recipient)
    {
        if (!any)
        {
            return null;
        }

        lock (gate)
        {
            var rule = rules.Find(candidate => candidate.IsFor(method, path, phoneNumberId, recipient));
            if (rule is { Left: > 0 } && --rule.Left == 0)
            {
                rules.Remove(rule);
                any = rules.Count > 0;
            }

            return rule;
        }
    }

    public IReadOnlyList<(int Id, int Left, FaultOrder Order)> List()
    {
        lock (gate)
        {
            return [.. rules.Select(rule => (rule.Id, rule.Left, rule.Order))];
        }
    }

    public bool Remove(int id)
    {
        lock (gate)
        {
            var removed = rules.RemoveAll(rule => rule.Id == id) > 0;
            any = rules.Count > 0;
            return removed;
        }
    }

    public void Clear()
    {
        lock (gate)
        {
            rules.Clear();
            any = false;
        }
    }
}
