namespace WaMcp.Sandbox.Control;

/// <summary><c>POST /control/tokens</c>: adds an access token or changes what is known about one.</summary>
public sealed record TokenOrder
{
    /// <summary>Made up and answered when left out.</summary>
    public string? Token { get; init; }

    /// <summary>True: the token is known and refused (190).</summary>
    public bool Revoked { get; init; }

    public double? ExpiresInMs { get; init; }

    /// <summary>The accounts it may use; left out: all.</summary>
    public IReadOnlyList<string>? AccountIds { get; init; }

    public IReadOnlyList<string>? Scopes { get; init; }

    /// <summary>True: also answer an authorization code that <c>oauth/access_token</c> exchanges for the token, once, within 30 seconds.</summary>
    public bool WithCode { get; init; }
}

/// <summary>The token, and the code when one was asked for.</summary>
public sealed record TokenAnswer(string Token, string? Code);
