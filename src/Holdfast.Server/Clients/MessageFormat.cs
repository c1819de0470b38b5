using System.Buffers;
using System.Globalization;
using System.Text;

namespace Holdfast.Server.Clients;

/// <summary>The output format of <c>sub -F</c>, in mosquitto_sub's notation.</summary>
internal sealed class MessageFormat
{
    /// <summary>The format behind <c>--json</c>: an event as Holdfast shows it everywhere.</summary>
    public const string Event = "\0event";

    private const string Directives = "%tplqrmxXjJUICRDEFPAS";

    private readonly List<(char Directive, byte[] Literal)> _parts = [];

    private MessageFormat()
    {
    }

    /// <summary>Reads a format.</summary>
    /// <param name="text">The text; <c>\n</c>, <c>\t</c>, <c>\r</c>, <c>\a</c>, <c>\e</c>, <c>\0</c> and <c>\\</c> are what they are in C.</param>
    /// <param name="format">The format, or null.</param>
    /// <returns>What is wrong and what to do, or null.</returns>
    public static string? TryParse(string text, out MessageFormat? format)
    {
        format = new MessageFormat();
        if (text == Event)
        {
            format._parts.Add(('e', []));
            return null;
        }

        var literal = new StringBuilder();
        for (int index = 0; index < text.Length; index++)
        {
            bool last = index == text.Length - 1;
            if (text[index] == '%' && !last && Directives.Contains(text[index + 1], StringComparison.Ordinal))
            {
                format.AddLiteral(literal);
                format._parts.Add((text[++index], []));
            }
            else if (text[index] == '\\' && !last && Escape(text[index + 1]) is { } character)
            {
                literal.Append(character);
                index++;
            }
            else if (text[index] is '%' or '\\')
            {
                format = null;
                return $"-F: '{text[index]}{(last ? "" : text[index + 1])}' is not known; write {text[index]}{text[index]} for the character itself.";
            }
            else
            {
                literal.Append(text[index]);
            }
        }

        format.AddLiteral(literal);
        return null;
    }

    /// <summary>Writes a message.</summary>
    /// <param name="received">The message.</param>
    /// <param name="output">Where to.</param>
    public void Write(ReceivedMessage received, IBufferWriter<byte> output)
    {
        foreach ((char directive, byte[] literal) in _parts)
        {
            switch (directive)
            {
                case '\0': output.Write(literal); break;
                case 'p': output.Write(received.Payload); break;
                case 'j': MessageJson.WriteMosquitto(received, payloadIsJson: false, output); break;
                case 'J': MessageJson.WriteMosquitto(received, payloadIsJson: true, output); break;
                case 'e': MessageJson.WriteEvent(received, output); break;
                default: Encoding.UTF8.GetBytes(Text(directive, received), output); break;
            }
        }
    }

    private static string Text(char directive, ReceivedMessage received) => directive switch
    {
        '%' => "%",
        't' => received.Message.Topic,
        'l' => received.Payload.Length.ToString(CultureInfo.InvariantCulture),
        'q' => ((int)received.Message.QualityOfServiceLevel).ToString(CultureInfo.InvariantCulture),
        'r' => received.Message.Retain ? "1" : "0",
        'm' => received.PacketId.ToString(CultureInfo.InvariantCulture),
        'x' => Convert.ToHexStringLower(received.Payload),
        'X' => Convert.ToHexString(received.Payload),
        'U' => string.Create(CultureInfo.InvariantCulture, $"{received.ReceivedAt.ToUnixTimeSeconds()}.{received.ReceivedAt.Ticks % TimeSpan.TicksPerSecond * 100:D9}"),
        'I' => received.ReceivedAt.ToString("yyyy-MM-ddTHH:mm:sszzz", CultureInfo.InvariantCulture),
        'C' => received.Message.ContentType ?? "",
        'R' => received.Message.ResponseTopic ?? "",
        'D' => Encoding.UTF8.GetString(received.Message.CorrelationData ?? []),
        'E' => received.Message.MessageExpiryInterval is > 0 and uint seconds ? seconds.ToString(CultureInfo.InvariantCulture) : "",
        'F' => ((int)received.Message.PayloadFormatIndicator).ToString(CultureInfo.InvariantCulture),
        'A' => received.Message.TopicAlias is > 0 and ushort alias ? alias.ToString(CultureInfo.InvariantCulture) : "",
        'P' => string.Join(' ', (received.Message.UserProperties ?? []).Select(property => $"{property.Name}:{Encoding.UTF8.GetString(property.ValueBuffer.Span)}")),
        _ => string.Join(' ', received.Message.SubscriptionIdentifiers ?? []),
    };

    private static char? Escape(char character) => character switch
    {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        'a' => '\a',
        'e' => '\e',
        '0' => '\0',
        '\\' => '\\',
        _ => null,
    };

    private void AddLiteral(StringBuilder literal)
    {
        if (literal.Length > 0)
        {
            _parts.Add(('\0', Encoding.UTF8.GetBytes(literal.ToString())));
            literal.Clear();
        }
    }
}
