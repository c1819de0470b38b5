using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Holdfast.Status.Availability;
using Holdfast.Status.Storage;

namespace Holdfast.Status.Page;

/// <summary>What an operator may choose: the file <c>status.json</c> of the data directory.</summary>
/// <remarks>Properties can be set, since the generated reader of JSON gives those that are init-only no default.</remarks>
public sealed partial record PageOptions
{
    /// <summary>The file's name.</summary>
    public const string FileName = "status.json";

    /// <summary>Whose status it is.</summary>
    public string Name { get; set; } = "Holdfast";

    /// <summary>The colour of the headline's rule and of links, as <c>#rrggbb</c>.</summary>
    public string Accent { get; set; } = "#2f6f4f";

    /// <summary>The same where the background is dark.</summary>
    public string AccentDark { get; set; } = "#7cc4a0";

    /// <summary>The share of time that is promised, such as 0.999.</summary>
    public double Objective { get; set; } = 0.999;

    /// <summary>What is owed when a month was not as promised; none by default.</summary>
    public IReadOnlyList<CreditRule> Credits { get; set; } = [];

    /// <summary>Maintenance that was announced so many hours before is not held against the objective.</summary>
    public double MaintenanceNoticeHours { get; set; } = 24;

    /// <summary>Where to go for help, an https or mailto address; empty for nowhere.</summary>
    public string Support { get; set; } = "";

    /// <summary>A picture in the data directory that is shown beside the name, such as <c>logo.svg</c> (svg, png, jpg or webp); empty for none.</summary>
    public string Logo { get; set; } = "";

    /// <summary>The HTTP address of the cloud, for what it knows of its events; empty for none. Its token is in the variable <c>HOLDFAST_CLOUD_TOKEN</c>.</summary>
    public string Cloud { get; set; } = "";

    /// <summary>The products of the cloud that postmortems tell about.</summary>
    public IReadOnlyList<string> CloudProducts { get; set; } = ["default"];

    /// <summary>Where the public finds the page, such as <c>https://status.example.com</c>; for links in what is sent. Empty: nothing is sent to strangers.</summary>
    public string Address { get; set; } = "";

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

    /// <summary>The address of a document; as the page itself would link to it when its public address is not known.</summary>
    /// <param name="path">Its path, without a leading slash.</param>
    public string LinkTo(string path) => Address.Length > 0 ? $"{Address.TrimEnd('/')}/{path}" : $"./{path}";

    private string? Problem()
        => Name.Length is 0 or > 100 ? "name: 1 to 100 characters."
        : !Colour().IsMatch(Accent) || !Colour().IsMatch(AccentDark) ? "accent and accentDark: write a colour as #rrggbb."
        : Objective is not (> 0 and < 1) ? "objective: a share between 0 and 1, such as 0.999."
        : Support.Length > 0 && !Support.StartsWith("https://", StringComparison.Ordinal) && !Support.StartsWith("mailto:", StringComparison.Ordinal)
            ? "support: an address that begins with https:// or mailto:."
        : Logo.Length > 0 && (Path.GetFileName(Logo) != Logo || Path.GetExtension(Logo) is not (".svg" or ".png" or ".jpg" or ".webp")) ? "logo: the name of an svg, png, jpg or webp file in the data directory."
        : Credits.Any(rule => rule.Below is not (> 0 and <= 1) || rule.Percent is not (>= 0 and <= 100)) ? "credits: below is a share up to 1, percent from 0 to 100."
        : MaintenanceNoticeHours is not (>= 0 and <= 720) ? "maintenanceNoticeHours: from 0 to 720."
        : Cloud.Length > 0 && !IsHttp(Cloud) ? "cloud: an address that begins with http:// or https://."
        : Address.Length > 0 && !IsHttp(Address) ? "address: where the public finds the page, beginning with https://."
        : null;

    private static bool IsHttp(string text) => Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https";

    [GeneratedRegex("^#[0-9a-fA-F]{6}$")]
    private static partial Regex Colour();
}

/// <summary>How the file is written.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(PageOptions))]
internal sealed partial class PageOptionsJson : JsonSerializerContext;
