using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Holdfast.Status.Storage;

namespace Holdfast.Status.Page;

/// <summary>What an operator may choose: the file <c>status.json</c> of the data directory.</summary>
public sealed partial record PageOptions
{
    /// <summary>The file's name.</summary>
    public const string FileName = "status.json";

    /// <summary>Whose status it is.</summary>
    public string Name { get; init; } = "Holdfast";

    /// <summary>The colour of the headline's rule and of links, as <c>#rrggbb</c>.</summary>
    public string Accent { get; init; } = "#2f6f4f";

    /// <summary>The same where the background is dark.</summary>
    public string AccentDark { get; init; } = "#7cc4a0";

    /// <summary>The share of time that is promised, such as 0.999.</summary>
    public double Objective { get; init; } = 0.999;

    /// <summary>Where to go for help, an https or mailto address; empty for nowhere.</summary>
    public string Support { get; init; } = "";

    /// <summary>Reads the file of a data directory; the defaults when there is none.</summary>
    /// <param name="directory">The data directory.</param>
    /// <exception cref="StatusDataException">The file is wrong; the message says where.</exception>
    public static PageOptions Load(string directory)
    {
        string path = Path.Combine(directory, FileName);
        if (!File.Exists(path))
        {
            return new PageOptions();
        }

        try
        {
            PageOptions options = JsonSerializer.Deserialize(File.ReadAllText(path), PageOptionsJson.Default.PageOptions)!;
            return options.Problem() is { } problem ? throw new StatusDataException($"{path}: {problem}") : options;
        }
        catch (JsonException exception)
        {
            throw new StatusDataException($"{path}: {exception.Message}", exception);
        }
    }

    private string? Problem()
        => Name.Length is 0 or > 100 ? "name: 1 to 100 characters."
        : !Colour().IsMatch(Accent) || !Colour().IsMatch(AccentDark) ? "accent and accentDark: write a colour as #rrggbb."
        : Objective is not (> 0 and < 1) ? "objective: a share between 0 and 1, such as 0.999."
        : Support.Length > 0 && !Support.StartsWith("https://", StringComparison.Ordinal) && !Support.StartsWith("mailto:", StringComparison.Ordinal)
            ? "support: an address that begins with https:// or mailto:."
        : null;

    [GeneratedRegex("^#[0-9a-fA-F]{6}$")]
    private static partial Regex Colour();
}

/// <summary>How the file is written.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(PageOptions))]
internal sealed partial class PageOptionsJson : JsonSerializerContext;
