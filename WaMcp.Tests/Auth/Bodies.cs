using System.Text;
using System.Text.Json.Nodes;

namespace WaMcp.Tests.Auth;

/// <summary>JSON-RPC messages around tools/call, right and nearly right.</summary>
internal static class Bodies
{
    /// <summary>JSON as somebody might write it in the place of a value; not all of it is JSON.</summary>
    public static readonly string[] Values =
    [
        "null", "true", "false", "0", "-1", "-0.0", "1.5", "1e400", "1e-400", "9007199254740993", "123456789012345678901234567890", "[]", "{}",
        "[null]", "{\"a\":1,\"a\":2}", "{\"__proto__\":{}}", "\"\"", "\"\\u0000\"", "\"\\ud800\"", "\"\\udc00x\"", "\"\\u202e\"", "\"\t\"", "\"\\x\"",
        "NaN", "'x'", "01", "+1", "1.", "undefined", "/* */ 1", Deep(30), Deep(3_000), $"\"{new string('x', 20_000)}\"",
    ];

    private const string Marker = "raw value ";

    /// <summary>A message that is right.</summary>
    /// <param name="tool">Which tool.</param>
    /// <param name="arguments">Its input.</param>
    /// <param name="isStateless">Whether it is of the revision without <c>initialize</c>.</param>
    public static JsonObject Call(string tool, JsonObject arguments, bool isStateless = false)
    {
        var parameters = new JsonObject { ["name"] = tool, ["arguments"] = arguments };
        if (isStateless)
        {
            parameters["_meta"] = new JsonObject
            {
                ["io.modelcontextprotocol/protocolVersion"] = "2026-07-28",
                ["io.modelcontextprotocol/clientCapabilities"] = new JsonObject(),
            };
        }

        return new JsonObject { ["jsonrpc"] = "2.0", ["id"] = 7, ["method"] = "tools/call", ["params"] = parameters };
    }

    /// <summary>The header lines that belong to it.</summary>
    public static string[] Lines(string tool, bool isStateless) => isStateless
        ? ["MCP-Protocol-Version: 2026-07-28", "Mcp-Method: tools/call", $"Mcp-Name: {HeaderText(tool)}"]
        : ["MCP-Protocol-Version: 2025-11-25"];

    public static byte[] Utf8(JsonNode message) => Encoding.UTF8.GetBytes(message.ToJsonString());

    /// <summary>A body with up to three things wrong in its structure, and perhaps one in its text.</summary>
    public static (string[] Lines, byte[] Body, string How) Next(Dice dice, Prey prey, bool isStateless)
    {
        var message = Right(dice, prey, isStateless);
        var lines = Lines(message["params"]!["name"]!.GetValue<string>(), isStateless);
        var how = new List<string>();
        for (var times = 1 + dice.Below(3); times > 0; times--)
        {
            how.Add(Change(dice, message));
        }

        var text = message.ToJsonString();
        for (var value = 0; value < Values.Length; value++)
        {
            text = text.Replace($"\"{Marker}{value}.\"", Values[value], StringComparison.Ordinal);
        }

        var bytes = Encoding.UTF8.GetBytes(text);
        if (dice.OneIn(3))
        {
            (bytes, var damage) = Damage(dice, bytes);
            how.Add(damage);
        }

        return (lines, bytes, string.Join("; ", how));
    }

    private static JsonObject Right(Dice dice, Prey prey, bool isStateless)
    {
        var channel = dice.Pick(prey.Client.Channel.Id.ToString(), prey.Client.Channel.Name, prey.Client.Channel.ProviderId);
        return dice.Below(4) switch
        {
            0 => Call("ping", [], isStateless),
            1 => Call("get_messages", new JsonObject { ["channel"] = channel, ["limit"] = 5, ["before"] = prey.OwnMessage }, isStateless),
            2 => Call("get_message", new JsonObject { ["messageId"] = prey.OwnMessage }, isStateless),
            _ => Call("send_message", new JsonObject { ["channel"] = channel, ["to"] = "+15550100100", ["text"] = "hi", ["previewUrl"] = false }, isStateless),
        };
    }

    private static string Change(Dice dice, JsonObject message)
    {
        var holder = dice.Pick([.. Objects(message)]);
        if (holder.Count == 0 || dice.OneIn(6))
        {
            var added = dice.OneIn(2) ? dice.Trouble() : dice.Pick("name", "method", "arguments", "id", "_meta", "channel", "phone", "params", "result", "error");
            holder[added] = Raw(dice, out var value);
            return $"{value} added";
        }

        var (name, node) = dice.Pick([.. holder]);
        holder.Remove(name);
        switch (dice.Below(6))
        {
            case 0:
                return $"{name} removed";
            case 1:
                holder[name] = new JsonArray(node);
                return $"{name} in an array";
            case 2:
                holder[dice.OneIn(2) ? dice.Spoil(name).Text : dice.Trouble()] = node;
                return $"{name} renamed";
            case 3 when node is JsonValue text && text.TryGetValue<string>(out var was):
                (holder[name], var how) = dice.OneIn(2) ? (dice.Trouble(), "trouble") : dice.Spoil(was);
                return $"{name} {how}";
            default:
                holder[name] = Raw(dice, out var value);
                return $"{name} is {value}";
        }
    }

    private static (byte[] Body, string How) Damage(Dice dice, byte[] bytes)
    {
        var at = dice.Below(bytes.Length);
        return dice.Below(9) switch
        {
            0 => (bytes[..at], "cut"),
            1 => ([.. bytes[..at], (byte)dice.Below(256), .. bytes[at..]], "a byte more"),
            2 => ([.. bytes[..at], (byte)(bytes[at] ^ (1 << dice.Below(8))), .. bytes[(at + 1)..]], "a bit flipped"),
            3 => ([0xEF, 0xBB, 0xBF, .. bytes], "a byte-order mark"),
            4 => ([.. "["u8, .. bytes, .. "]"u8], "a batch of one"),
            5 => ([.. "["u8, .. bytes, .. ","u8, .. bytes, .. "]"u8], "a batch of two"),
            6 => ([.. bytes, .. bytes], "two messages"),
            7 => ([.. bytes[..at], 0xC0, 0x80, .. bytes[at..]], "no UTF-8"),
            _ => (Twice(dice, bytes), "a member twice"),
        };
    }

    private static byte[] Twice(Dice dice, byte[] bytes)
    {
        var member = dice.Pick("\"name\":", "\"method\":", "\"arguments\":", "\"params\":", "\"channel\":", "\"id\":", "\"jsonrpc\":", "\"text\":");
        var value = dice.Pick("\"list_channels\"", "\"tools/list\"", "{}", "null", "7", "{\"name\":\"ping\"}");
        return Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(bytes).Replace(member, $"{member}{value},{member}", StringComparison.Ordinal));
    }

    private static JsonNode Raw(Dice dice, out string what)
    {
        var value = dice.Below(Values.Length);
        what = Values[value][..Math.Min(20, Values[value].Length)];
        return $"{Marker}{value}.";
    }

    private static IEnumerable<JsonObject> Objects(JsonNode? node) => node switch
    {
        JsonObject holder => holder.SelectMany(member => Objects(member.Value)).Prepend(holder),
        JsonArray array => array.SelectMany(Objects),
        _ => [],
    };

    private static string HeaderText(string text) =>
        text.All(character => character is > ' ' and < '\u007f') ? text : $"=?base64?{Convert.ToBase64String(Encoding.UTF8.GetBytes(text))}?=";

    private static string Deep(int levels) => new string('[', levels) + new string(']', levels);
}
