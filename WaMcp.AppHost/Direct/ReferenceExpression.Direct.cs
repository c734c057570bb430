namespace WaMcp.AppHost.Direct;

/// <summary>A text with addresses in it.</summary>
internal sealed record ReferenceExpression(string Value)
{
    public static ReferenceExpression Create(FormattableString text) => new(FormattableString.Invariant(text));

    public ValueTask<string?> GetValueAsync(CancellationToken _) => new(Value);
}
