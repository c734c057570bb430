using Npgsql;
using NpgsqlTypes;
using WaMcp.Domain.Access;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Audit;

/// <summary>Which audit rows somebody asks for; what is null does not matter.</summary>
public sealed record AuditFilter
{
    /// <summary>Rows of this client.</summary>
    public ClientId? Client { get; init; }

    /// <summary>Rows of this key.</summary>
    public ApiKeyId? Key { get; init; }

    /// <summary>Rows of this action.</summary>
    public string? Action { get; init; }

    /// <summary>Rows that this request caused.</summary>
    public string? RequestId { get; init; }

    /// <summary>Rows of this tool.</summary>
    public string? Tool { get; init; }

    /// <summary>From this moment on.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Before this moment.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>The conditions in SQL, each after an AND; their parameters come after what is in the list already.</summary>
    internal string Conditions(List<object> parameters)
    {
        var sql = "";
        Add("client_id = ", Client?.Value);
        Add("api_key_id = ", Key?.Value);
        Add("action = ", Action);
        Add("request_id = ", RequestId);
        Add("tool_name = ", Tool);
        Add("ts >= ", Since?.ToUniversalTime());
        Add("ts < ", Until?.ToUniversalTime());
        return sql;

        void Add(string condition, object? value)
        {
            if (value is not null)
            {
                parameters.Add(value);
                sql += $" AND {condition}${parameters.Count}";
            }
        }
    }

    /// <summary>A row's place in the order of time, as a parameter and its id.</summary>
    internal static object[] PlaceOf(long ts, long id) => [new NpgsqlParameter { Value = ts, NpgsqlDbType = NpgsqlDbType.TimestampTz }, id];
}
