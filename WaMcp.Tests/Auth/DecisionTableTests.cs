using Microsoft.AspNetCore.Http;
using WaMcp.Domain.Audit;
using static WaMcp.Tests.Auth.DecisionCell;

namespace WaMcp.Tests.Auth;

/// <summary>The rule of the request path, stated once more in a few lines, against the system in every state it knows.</summary>
[Collection(AttackedSystemTests.Name)]
public sealed class DecisionTableTests(DecisionTable table) : IClassFixture<DecisionTable>
{
    public static IEnumerable<object[]> Cells => DecisionCell.All.Select(cell => cell.Parts);

    [Theory]
    [MemberData(nameof(Cells))]
    public void EveryStateHasItsAnswerAndItsAuditRow(string client, string key, string tool, string number, string grant)
    {
        var (cell, answer, actions) = table[string.Join(", ", client, key, tool, number, grant)];
        var expected = Rule(cell);

        answer.Status.ShouldBe(expected.Status, answer.ToString());
        answer.Message.TryGetProperty("error", out var error).ShouldBe(expected.Code is not null, answer.ToString());
        (expected.Code is null ? null : (int?)error.GetProperty("code").GetInt32()).ShouldBe(expected.Code);
        answer.IsError.ShouldBe(expected.Reason is not null, answer.ToString());
        (expected.Reason is null ? null : answer.Reason).ShouldBe(expected.Reason);
        answer.Headers.WwwAuthenticate.Select(challenge => challenge.Scheme)
            .ShouldBe(expected.Status == StatusCodes.Status401Unauthorized ? ["Bearer"] : []);

        actions.Where(action => action != AuditAction.KeyUsed).ShouldBe([expected.Action], string.Join(", ", actions));
        actions.Count(action => action == AuditAction.KeyUsed)
            .ShouldBeLessThanOrEqualTo(expected.Status == StatusCodes.Status401Unauthorized ? 0 : 1);
    }

    [Theory]
    [InlineData(StatusCodes.Status401Unauthorized)]
    [InlineData(StatusCodes.Status403Forbidden)]
    public void ARefusalDoesNotTellWhichOfItsReasonsItWas(int status) => DecisionCell.All
        .Where(cell => Rule(cell) is var expected && expected.Status == status && expected.Reason != AuditAction.ScopeDenied)
        .Select(cell => table[cell.Name].Answer.Body).Distinct().ShouldHaveSingleItem();

    /// <summary>product.md, "The request path": key, client, tool scope, grant, number scope, tool; the first that fails answers.</summary>
    private static Expected Rule(DecisionCell cell) =>
        cell.Key != KeyState.Active || !cell.IsEnabled ? new(StatusCodes.Status401Unauthorized, -32001, "auth_failed", AuditAction.AuthFailed)
        : !Holds(cell, cell.Tool) ? new(StatusCodes.Status403Forbidden, -32001, "scope_denied", AuditAction.ScopeDenied)
        : cell.Grant == GrantState.NoChannelNamed ? new(StatusCodes.Status200OK, null, "invalid_input", AuditAction.ToolCalled)
        : cell.Grant != GrantState.InForce ? new(StatusCodes.Status403Forbidden, -32001, "grant_denied", AuditAction.GrantDenied)
        : !Holds(cell, cell.Number) ? new(StatusCodes.Status403Forbidden, -32001, "scope_denied", AuditAction.ScopeDenied)
        : new(StatusCodes.Status200OK, null, null, AuditAction.ToolCalled);

    private static bool Holds(DecisionCell cell, Holding scope) => scope == Holding.Held || (scope == Holding.Wildcard && cell.IsOwner);

    /// <param name="Status">HTTP.</param>
    /// <param name="Code">JSON-RPC; null when the tool ran.</param>
    /// <param name="Reason">The word of the refusal, be it the path's or the tool's own.</param>
    /// <param name="Action">The one audit row.</param>
    private sealed record Expected(int Status, int? Code, string? Reason, string Action);
}
