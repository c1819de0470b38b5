using System.CommandLine;
using System.Text.Json;

namespace Holdfast.Server.CommandLine;

/// <summary>
/// The options of <c>serve</c> from three places: the command line; over it nothing. What is not there may be in an environment variable, <c>HOLDFAST_</c> and the option's name; what is not there
/// either, in a file of JSON whose fields have the options' names.
/// </summary>
internal static class Configuration
{
    /// <summary>The file that is read when none is named and it is there.</summary>
    public const string DefaultFile = "holdfast.json";

    private const string FileOption = "--config";
    private const string Prefix = "HOLDFAST_";
    private static readonly JsonDocumentOptions Lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, AllowDuplicateProperties = false };

    /// <summary>Makes the option that names the file.</summary>
    public static Option<string?> NewFileOption() => ValueOptions.Text(
        FileOption, "FILE", $"A file with options, as {{\"listen\": [\"mqtts://0.0.0.0\"], \"retention-age\": \"14d\"}}. Options here go before it, and so do variables such as {Prefix}RETENTION_AGE. [default: {DefaultFile}, if it is there]");

    /// <summary>Adds to a command line what the environment and the file say.</summary>
    /// <param name="arguments">The command line of <c>serve</c>.</param>
    /// <param name="serve">The command.</param>
    /// <param name="environment">Reads a variable.</param>
    /// <param name="settings">What is used and from where, in the order of the options.</param>
    /// <param name="problem">What is wrong with the file, or null.</param>
    /// <returns>The whole command line.</returns>
    public static IReadOnlyList<string> Merge(
        IReadOnlyList<string> arguments, Command serve, Func<string, string?> environment, out IReadOnlyList<Setting> settings, out string? problem)
    {
        var found = new List<Setting>();
        var all = new List<string>(arguments);
        settings = found;
        if (!TryReadFile(PathOf(arguments, environment), serve, out var file, out problem))
        {
            return all;
        }

        foreach (var option in serve.Options.Where(option => option.Name != FileOption))
        {
            var (source, values) = ("the command line", ValuesOf(arguments, option));
            if (values is null)
            {
                (source, values) = (VariableOf(option), FromVariable(option, environment(VariableOf(option))));
            }

            if (values is null && file.TryGetValue(option.Name, out var written))
            {
                (source, values) = ("the file", written);
            }

            if (values is null)
            {
                continue;
            }

            found.Add(new Setting(option.Name, values, source));
            if (source != "the command line")
            {
                all.AddRange(IsFlag(option) ? [option.Name] : values.SelectMany(value => new[] { option.Name, value }));
            }
        }

        return all;
    }

    private static string? PathOf(IReadOnlyList<string> arguments, Func<string, string?> environment)
    {
        var place = arguments.ToList().IndexOf(FileOption);
        return place >= 0 && place + 1 < arguments.Count ? arguments[place + 1]
            : environment(Prefix + "CONFIG") is { Length: > 0 } named ? named
            : System.IO.File.Exists(DefaultFile) ? DefaultFile : null;
    }

    private static bool TryReadFile(string? path, Command serve, out Dictionary<string, string[]> file, out string? problem)
    {
        file = [];
        problem = null;
        if (path is null)
        {
            return true;
        }

        try
        {
            using var document = JsonDocument.Parse(System.IO.File.ReadAllText(path), Lenient);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                problem = $"{path} must hold one JSON object.";
                return false;
            }

            foreach (var field in document.RootElement.EnumerateObject())
            {
                var option = serve.Options.FirstOrDefault(one => one.Name == "--" + field.Name && one.Name != FileOption);
                if (option is null)
                {
                    problem = $"{path}: there is no option '{field.Name}'. 'holdfast serve --help' lists them.";
                    return false;
                }

                if (TextsOf(field.Value) is not { } values)
                {
                    problem = $"{path}: '{field.Name}' is a text, a number, true, false, or an array of texts.";
                    return false;
                }

                if (!IsFlag(option) || values is ["true"])
                {
                    file[option.Name] = values;
                }
            }

            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            problem = $"{path} cannot be read: {exception.Message}";
            return false;
        }
    }

    private static string[]? TextsOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => [value.GetString()!],
        JsonValueKind.Number => [value.GetRawText()],
        JsonValueKind.True => ["true"],
        JsonValueKind.False => ["false"],
        JsonValueKind.Array when value.EnumerateArray().All(one => one.ValueKind == JsonValueKind.String) => [.. value.EnumerateArray().Select(one => one.GetString()!)],
        _ => null,
    };

    /// <summary>What a command line says; null when it does not name the option.</summary>
    private static string[]? ValuesOf(IReadOnlyList<string> arguments, Option option)
    {
        var values = new List<string>();
        var isNamed = false;
        for (var place = 0; place < arguments.Count; place++)
        {
            if (arguments[place] == option.Name)
            {
                isNamed = true;
                values.AddRange(arguments.Skip(place + 1).TakeWhile(next => !next.StartsWith("--", StringComparison.Ordinal)));
            }
            else if (arguments[place].StartsWith(option.Name + "=", StringComparison.Ordinal))
            {
                isNamed = true;
                values.Add(arguments[place][(option.Name.Length + 1)..]);
            }
        }

        return isNamed ? [.. values] : null;
    }

    private static string[]? FromVariable(Option option, string? text)
        => string.IsNullOrWhiteSpace(text) ? null
            : IsFlag(option) ? (text is "true" or "yes" or "1" ? ["true"] : null)
            : option.Arity.MaximumNumberOfValues > 1 ? text.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            : [text];

    private static string VariableOf(Option option) => Prefix + option.Name[2..].ToUpperInvariant().Replace('-', '_');

    private static bool IsFlag(Option option) => option.ValueType == typeof(bool);
}

/// <summary>An option that was given.</summary>
/// <param name="Option">Its name.</param>
/// <param name="Values">What was given; of a flag nothing.</param>
/// <param name="Source">Where.</param>
internal sealed record Setting(string Option, string[] Values, string Source);
