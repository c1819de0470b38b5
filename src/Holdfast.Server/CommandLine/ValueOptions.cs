using System.CommandLine;
using System.CommandLine.Parsing;

namespace Holdfast.Server.CommandLine;

/// <summary>Makes options whose values have a notation of their own.</summary>
internal static class ValueOptions
{
    /// <summary>An option that takes a duration such as <c>10s</c>.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="description">Its help.</param>
    /// <param name="defaultValue">What the command takes when it is not given; for the help. Null when the description says it.</param>
    public static Option<TimeSpan?> Duration(string name, string description, TimeSpan? defaultValue)
        => new(name)
        {
            Description = defaultValue is { } value ? $"{description} [default: {Durations.Format(value)}]" : description,
            HelpName = "DURATION",
            CustomParser = result => Durations.TryParse(Text(result), out TimeSpan duration) && duration > TimeSpan.Zero
                ? duration
                : Refuse<TimeSpan?>(result, $"{name} {Text(result)}: write a duration above zero such as 500ms, 10s, 5m, 2h or 7d."),
        };

    /// <summary>An option that takes a size such as <c>256MB</c>.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="description">Its help.</param>
    /// <param name="minimum">The smallest value, in bytes.</param>
    /// <param name="maximum">The largest value, in bytes.</param>
    public static Option<long?> Size(string name, string description, long minimum = 0, long maximum = long.MaxValue)
        => new(name)
        {
            Description = description,
            HelpName = "SIZE",
            CustomParser = result => !Sizes.TryParse(Text(result), out long value)
                ? Refuse<long?>(result, $"{name} {Text(result)}: write a size such as 512B, 256kB, 64MiB or 10GB.")
                : value < minimum || value > maximum
                    ? Refuse<long?>(result, $"{name} {Text(result)}: must be from {minimum} to {maximum} bytes.")
                    : value,
        };

    /// <summary>An option that takes a whole number.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="description">Its help.</param>
    /// <param name="defaultValue">Its value when it is not given.</param>
    /// <param name="minimum">The smallest value.</param>
    /// <param name="maximum">The largest value.</param>
    /// <param name="aliases">Other names.</param>
    public static Option<int> Number(string name, string description, int defaultValue, int minimum, int maximum, params string[] aliases)
        => new(name, aliases)
        {
            Description = description,
            HelpName = "N",
            DefaultValueFactory = _ => defaultValue,
            CustomParser = result => int.TryParse(Text(result), out int value) && value >= minimum && value <= maximum
                ? value
                : Refuse<int>(result, $"{name} {Text(result)}: write a whole number from {minimum} to {maximum}."),
        };

    /// <summary>An option that takes an address.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="description">Its help.</param>
    /// <param name="example">What an address looks like, for the error.</param>
    /// <param name="schemes">The schemes that it may have.</param>
    public static Option<Uri?> Address(string name, string description, string example, params string[] schemes)
        => new(name)
        {
            Description = description,
            HelpName = "URL",
            CustomParser = result => Uri.TryCreate(Text(result), UriKind.Absolute, out Uri? url) && schemes.Contains(url.Scheme)
                ? url
                : Refuse<Uri?>(result, $"{name} {Text(result)}: write a complete address, such as {example}."),
        };

    /// <summary>An option that takes the address of an HTTP server.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="description">Its help.</param>
    /// <param name="defaultValue">Its value when it is not given.</param>
    public static Option<Uri?> Server(string name, string description, string defaultValue)
    {
        Option<Uri?> option = Address(name, description, defaultValue, "http", "https");
        option.DefaultValueFactory = _ => new Uri(defaultValue);
        return option;
    }

    /// <summary>An option that is there or not.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="description">Its help.</param>
    /// <param name="aliases">Other names.</param>
    public static Option<bool> Flag(string name, string description, params string[] aliases)
        => new(name, aliases) { Description = description, Arity = ArgumentArity.Zero };

    /// <summary>An option that takes a text.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="valueName">What the help calls its value.</param>
    /// <param name="description">Its help.</param>
    /// <param name="aliases">Other names.</param>
    public static Option<string?> Text(string name, string valueName, string description, params string[] aliases)
        => new(name, aliases) { Description = description, HelpName = valueName };

    private static string Text(ArgumentResult result) => result.Tokens.Count == 0 ? "" : result.Tokens[^1].Value;

    private static T Refuse<T>(ArgumentResult result, string error)
    {
        result.AddError(error);
        return default!;
    }
}
