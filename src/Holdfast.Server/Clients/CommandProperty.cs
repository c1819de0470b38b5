namespace Holdfast.Server.Clients;

/// <summary>An MQTT 5 property for one packet, as <c>-D COMMAND IDENTIFIER VALUE</c> gives it.</summary>
/// <param name="Command">The packet in lower case: <c>connect</c>, <c>publish</c>, <c>subscribe</c>, <c>unsubscribe</c>, <c>disconnect</c>, <c>will</c>.</param>
/// <param name="Identifier">The property, such as <c>content-type</c>.</param>
/// <param name="Value">The value; of a user property, its name.</param>
/// <param name="UserValue">The value of a user property, else empty.</param>
internal sealed record CommandProperty(string Command, string Identifier, string Value, string UserValue)
{
    private static readonly string[] Message = ["content-type", "correlation-data", "message-expiry-interval", "payload-format-indicator", "response-topic", "user-property"];

    private static readonly Dictionary<string, string[]> Known = new()
    {
        ["connect"] =
        [
            "maximum-packet-size", "receive-maximum", "request-problem-information", "request-response-information",
            "session-expiry-interval", "topic-alias-maximum", "user-property",
        ],
        ["publish"] = [.. Message, "topic-alias"],
        ["will"] = [.. Message, "will-delay-interval"],
        ["subscribe"] = ["subscription-identifier", "user-property"],
        ["unsubscribe"] = ["user-property"],
        ["disconnect"] = ["session-expiry-interval", "user-property"],
    };

    private static readonly string[] Texts = ["content-type", "correlation-data", "response-topic", "user-property"];

    /// <summary>The value of a numeric property.</summary>
    public uint Number => uint.Parse(Value, System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Reads all the words that followed <c>-D</c>, of any number of properties.</summary>
    /// <param name="words">The words.</param>
    /// <param name="properties">The properties, in order.</param>
    /// <returns>What is wrong and what to do, or null.</returns>
    public static string? TryParse(IReadOnlyList<string> words, out IReadOnlyList<CommandProperty> properties)
    {
        var found = new List<CommandProperty>();
        properties = found;
        for (int index = 0; index < words.Count;)
        {
            string command = words[index].ToLowerInvariant();
            string identifier = index + 1 < words.Count ? words[index + 1].ToLowerInvariant() : "";
            if (!Known.TryGetValue(command, out string[]? allowed))
            {
                return $"-D {words[index]}: the first word is one of {string.Join(", ", Known.Keys)}.";
            }

            if (!allowed.Contains(identifier))
            {
                return $"-D {command} {identifier}: a property of {command} is one of {string.Join(", ", allowed)}.";
            }

            int values = identifier == "user-property" ? 2 : 1;
            if (index + 2 + values > words.Count)
            {
                return $"-D {command} {identifier}: give {(values == 2 ? "a name and a value" : "a value")}.";
            }

            string value = words[index + 2];
            if (!Texts.Contains(identifier) && !uint.TryParse(value, out _))
            {
                return $"-D {command} {identifier} {value}: the value is a whole number.";
            }

            found.Add(new CommandProperty(command, identifier, value, values == 2 ? words[index + 3] : ""));
            index += 2 + values;
        }

        return null;
    }
}
