using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using WaMcp.Admin.Audit;
using WaMcp.Admin.Channels;
using WaMcp.Admin.Clients;
using WaMcp.Admin.Db;
using WaMcp.Admin.DeadLetters;
using WaMcp.Admin.Endpoints;
using WaMcp.Admin.Grants;
using WaMcp.Admin.Inbound;
using WaMcp.Admin.Keys;
using WaMcp.Admin.Messages;
using WaMcp.Admin.Peppers;
using WaMcp.Admin.Retention;
using WaMcp.Domain.Access;
using WaMcp.Domain.Audit;
using WaMcp.Domain.Contacts;
using WaMcp.Domain.Endpoints;
using WaMcp.Domain.Inbox;

namespace WaMcp.Admin.Output;

/// <summary>Every document that <c>--output json</c> can write.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(ClientRow[]))]
[JsonSerializable(typeof(ChannelRow[]))]
[JsonSerializable(typeof(GrantRow[]))]
[JsonSerializable(typeof(DeadLetterRow[]))]
[JsonSerializable(typeof(DeliveryRow))]
[JsonSerializable(typeof(DeliveryRow[]))]
[JsonSerializable(typeof(FactRow[]))]
[JsonSerializable(typeof(ReplayDeliveries.Replay))]
[JsonSerializable(typeof(EndpointRow))]
[JsonSerializable(typeof(EndpointRow[]))]
[JsonSerializable(typeof(ReplayEvents.Replay), TypeInfoPropertyName = "EventReplay")]
[JsonSerializable(typeof(Dictionary<string, int>))]
[JsonSerializable(typeof(KeyRow[]))]
[JsonSerializable(typeof(MessageRow[]))]
[JsonSerializable(typeof(PepperStatus))]
[JsonSerializable(typeof(RotatePepper.Rotation))]
[JsonSerializable(typeof(MigrationResult))]
[JsonSerializable(typeof(EraseContact.Erasure))]
[JsonSerializable(typeof(DutyRow))]
[JsonSerializable(typeof(DutyRow[]))]
[JsonSerializable(typeof(Dictionary<string, long>))]
[JsonSerializable(typeof(AuditLine))]
[JsonSerializable(typeof(HeadDocument))]
[JsonSerializable(typeof(AuditVerdict))]
[JsonSerializable(typeof(ErrorDocument))]
internal sealed partial class AdminJson : JsonSerializerContext
{
    // For a terminal or a pipe, never inside HTML: "+1 555" may stay readable.
    public static AdminJson Readable { get; } =
        new(new JsonSerializerOptions(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
