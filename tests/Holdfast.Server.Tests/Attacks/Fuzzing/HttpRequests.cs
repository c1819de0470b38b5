using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Holdfast.Server.Tests.Attacks.Fuzzing;

/// <summary>Makes requests that are nearly right: real operations with hostile names, values and bytes.</summary>
/// <param name="operations">What the server says that it offers.</param>
/// <param name="credentials">Values of the Authorization header; null for none.</param>
/// <param name="seed">Which requests.</param>
internal sealed class HttpRequests(IReadOnlyList<HttpOperation> operations, IReadOnlyList<string?> credentials, int seed)
{
    private static readonly string[] Texts =
    [
        "", "d", "main", "hook", "acme", "..", "../../../../etc/passwd", "..\\..\\", "a/b", "%2e%2e%2f", "+/#", "#", "$SYS/#", "$share/g/#", "\0", "a\0b", "\r\nX-Injected: 1", "'; DROP TABLE device; --", "<script>alert(1)</script>",
        "${jndi:ldap://x}", "{{7*7}}", "(a+)+$", "☃", "\ud800", "e\u0301", "\uFEFF", "true", "null", "{}", "[]", "-1", "0", "1", "1e309", "NaN", "99999999999999999999", "9223372036854775808", "2026-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00",
        "9999-99-99T99:99:99Z", "7d", "-7d", "http://127.0.0.1:1", "file:///etc/passwd", "http://[::1", "mqtts://user:pass@x", "RS256", "none", "read", "all", new('a', 300), new('/', 200), new('9', 400), string.Concat(Enumerable.Repeat("a/", 300)),
    ];

    private static readonly string[] Types = ["application/json", "application/json", "application/json", "application/x-ndjson", "text/plain", "application/octet-stream", "multipart/form-data; boundary=x", "application/json; charset=utf-16", "", "x"];

    private readonly Random _random = new(seed);

    /// <summary>The next request.</summary>
    /// <returns>Its bytes, and whether it is whole and well-formed as HTTP.</returns>
    public (byte[] Bytes, bool IsWhole) Next()
    {
        var operation = operations[_random.Next(operations.Count)];
        var path = string.Join('/', operation.Path.Split('/').Select(level => level.StartsWith('{') ? PathValue(level) : level));
        var query = string.Join('&', operation.QueryNames.Where(_ => _random.Next(3) == 0).Select(name => $"{name}={Uri.EscapeDataString(Clean(Text()))}"));
        var head = new StringBuilder($"{(_random.Next(20) == 0 ? "PUT" : operation.Method)} {path}{(query.Length > 0 ? "?" + query : "")} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n");
        if (credentials[_random.Next(credentials.Count)] is { } credential)
        {
            head.Append(CultureInfo.InvariantCulture, $"Authorization: {credential}\r\n");
        }

        AppendHeaders(head);
        var body = operation.Method is "POST" or "PUT" or "PATCH" ? Body(operation) : [];
        if (operation.Method is "POST" or "PUT" or "PATCH")
        {
            head.Append(CultureInfo.InvariantCulture, $"Content-Type: {Types[_random.Next(Types.Length)]}\r\nContent-Length: {body.Length}\r\n");
        }

        byte[] bytes = [.. Encoding.UTF8.GetBytes(head.Append("\r\n").ToString()), .. body];
        return _random.Next(6) == 0 ? (Broken(bytes), false) : (bytes, true);
    }

    private string PathValue(string level) => level == "{product}" && _random.Next(4) != 0 ? "acme" : Uri.EscapeDataString(Clean(Text()));

    private void AppendHeaders(StringBuilder head)
    {
        string[] names = ["Holdfast-Stream", "Holdfast-Sequence", "Accept", "Last-Event-ID", "Content-Encoding", "Accept-Encoding", "Range", "If-Match", "X-Forwarded-For", "Traceparent"];
        foreach (var name in names.Where(_ => _random.Next(12) == 0))
        {
            var value = name == "Content-Encoding" ? "gzip" : new string([.. Text().Where(letter => letter is >= ' ' and < '\u007f')]);
            head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        }
    }

    private byte[] Body(HttpOperation operation)
    {
        if (operation.Examples.Count == 0 || _random.Next(10) == 0)
        {
            return Encoding.UTF8.GetBytes(Text());
        }

        var node = operation.Examples[_random.Next(operation.Examples.Count)].DeepClone();
        for (var changes = _random.Next(4); changes > 0; changes--)
        {
            Change(node);
        }

        var bytes = Encoding.UTF8.GetBytes(node.ToJsonString());
        return _random.Next(6) == 0 ? Broken(bytes) : bytes;
    }

    private void Change(JsonNode node)
    {
        var target = node as JsonObject ?? (node is JsonArray { Count: > 0 } array ? array[_random.Next(array.Count)] as JsonObject : null);
        if (target is null)
        {
            return;
        }

        var name = target.Count > 0 && _random.Next(4) != 0 ? target.ElementAt(_random.Next(target.Count)).Key : Clean(Text());
        if (_random.Next(6) == 0)
        {
            target.Remove(name);
        }
        else
        {
            target[name] = Value(0);
        }
    }

    private JsonNode? Value(int depth) => _random.Next(depth > 3 ? 7 : 9) switch
    {
        0 => null,
        1 => JsonValue.Create(_random.Next(2) == 0),
        2 => JsonValue.Create(_random.NextInt64(long.MinValue, long.MaxValue)),
        3 => JsonValue.Create(_random.Next(-2, 3)),
        4 => JsonValue.Create(1e300),
        7 => new JsonArray([.. Enumerable.Range(0, _random.Next(4)).Select(_ => Value(depth + 1))]),
        8 => new JsonObject { [Clean(Text())] = Value(depth + 1) },
        _ => JsonValue.Create(Clean(Text())),
    };

    private byte[] Broken(byte[] bytes)
    {
        List<byte> broken = [.. bytes];
        for (var changes = _random.Next(1, 6); changes > 0 && broken.Count > 0; changes--)
        {
            var at = _random.Next(Math.Min(broken.Count, _random.Next(2) == 0 ? 40 : int.MaxValue));
            switch (_random.Next(4))
            {
                case 0:
                    broken[at] = (byte)_random.Next(256);
                    break;
                case 1:
                    broken.RemoveRange(at, Math.Min(_random.Next(1, 40), broken.Count - at));
                    break;
                case 2:
                    broken.InsertRange(at, "\r\n"u8.ToArray());
                    break;
                default:
                    broken.InsertRange(at, broken.GetRange(at, Math.Min(_random.Next(1, 200), broken.Count - at)));
                    break;
            }
        }

        return [.. broken];
    }

    private string Text() => Texts[_random.Next(Texts.Length)];

    /// <summary>A lone surrogate cannot be written in UTF-8; it is sent as what stands for it.</summary>
    private static string Clean(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
}
