using System.Globalization;

namespace Holdfast.Crash.Traces;

/// <summary>Reads what <c>strace -f -xx -o FILE</c> writes: one line a call, or two when another thread's call came between its begin and its end.</summary>
internal static class StraceReader
{
    private const string Unfinished = "<unfinished ...>";
    private const string Resumed = "<... ";

    public static IReadOnlyList<SystemCall> Read(IEnumerable<string> lines)
    {
        var calls = new List<SystemCall>();
        var open = new Dictionary<string, SystemCall>();
        var position = 0;
        foreach (var line in lines)
        {
            position++;
            var space = line.IndexOf(' ', StringComparison.Ordinal);
            var thread = line[..Math.Max(space, 0)];
            var text = line[(space + 1)..].TrimStart();
            if (text.StartsWith(Resumed, StringComparison.Ordinal))
            {
                if (open.Remove(thread, out var resumed))
                {
                    Finish(resumed, text, position);
                }
            }
            else if (TryBegin(text, position) is { } call)
            {
                calls.Add(call);
                if (text.EndsWith(Unfinished, StringComparison.Ordinal))
                {
                    open[thread] = call;
                }
                else
                {
                    Finish(call, text, position);
                }
            }
        }

        return calls;
    }

    private static SystemCall? TryBegin(string text, int position)
    {
        var parenthesis = text.IndexOf('(', StringComparison.Ordinal);
        if (parenthesis <= 0 || !char.IsAsciiLetterLower(text[0]))
        {
            return null;
        }

        var digits = parenthesis + 1;
        while (digits < text.Length && char.IsAsciiDigit(text[digits]))
        {
            digits++;
        }

        return int.TryParse(text.AsSpan(parenthesis + 1, digits - parenthesis - 1), CultureInfo.InvariantCulture, out var fileDescriptor)
            ? new SystemCall(text[..parenthesis], fileDescriptor, ReadStrings(text), position)
            : null;
    }

    private static void Finish(SystemCall call, string text, int position)
    {
        var equals = text.LastIndexOf(" = ", StringComparison.Ordinal);
        var result = equals < 0 ? "" : text[(equals + 3)..].Split(' ')[0];
        if (long.TryParse(result, CultureInfo.InvariantCulture, out var value))
        {
            call.End = position;
            call.Result = value;
        }
    }

    /// <summary>All quoted strings of a line, one after the other: the buffers of the call, in order.</summary>
    private static byte[] ReadStrings(string text)
    {
        var bytes = new List<byte>();
        var rest = text.AsSpan();
        for (var hex = rest.IndexOf("\\x"); hex >= 0; hex = rest.IndexOf("\\x"))
        {
            bytes.Add(byte.Parse(rest.Slice(hex + 2, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
            rest = rest[(hex + 4)..];
        }

        return [.. bytes];
    }
}
