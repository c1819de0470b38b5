using System.Security.Cryptography;
using System.Text;
using Holdfast.Status.Judgement;
using Holdfast.Status.Serving;
using Holdfast.Status.Storage;

namespace Holdfast.Status.Page;

/// <summary>Measurements of the steps of each component, for the graphs.</summary>
internal delegate IReadOnlyList<(Series Series, IReadOnlyList<Rollup> Points)> Measure(string component, TimeSpan resolution, TimeSpan span);

/// <summary>Draws a component's measurements of the last hour, day and month: each step, from each location.</summary>
/// <param name="layout">What all pages have in common.</param>
internal sealed class ComponentPages(Layout layout)
{
    /// <summary>The folder of these pages.</summary>
    public const string Folder = "components/";

    private static readonly (string Title, TimeSpan Resolution, TimeSpan Span)[] Windows =
    [
        ("The last hour", TimeSpan.FromMinutes(1), TimeSpan.FromHours(1)),
        ("The last day", TimeSpan.FromMinutes(1), TimeSpan.FromDays(1)),
        ("The last 30 days", TimeSpan.FromHours(1), TimeSpan.FromDays(30)),
    ];

    /// <summary>The path of a component's page: readable, and never that of another.</summary>
    public static string PathOf(string component)
    {
        string readable = string.Concat(component.ToLowerInvariant().Select(character => char.IsAsciiLetterOrDigit(character) ? character : '-'));
        return $"{Folder}{readable}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(component)))[..6]}.html";
    }

    /// <summary>Draws the page at a path.</summary>
    /// <returns>Its text, or null when there is none.</returns>
    public string? Draw(string path, StatusView view, Measure measure) => view.Board.Components.FirstOrDefault(component => PathOf(component.Name) == path) is { } component
        ? layout.Document(component.Name, "../", Html.Of($"""
            {layout.Header("../", Html.Of($"<span class=\"faint\">As of {Layout.Time(view.Board.At)}</span>"))}
            <main><h2>{component.Name}</h2>{Windows.Select(window => Window(component, window, view.Board.At, measure))}</main>
            <footer class="faint"><p><a href="../index.html">Now</a> · a line is the mean of what did not fail; red is what failed.</p></footer>
            """))
        : null;

    /// <summary>A graph of one step from one location, with what it shows in words.</summary>
    public static Html DrawSeries(Series series, IReadOnlyList<Rollup> points, TimeSpan resolution, TimeSpan span, DateTimeOffset now)
    {
        long count = points.Sum(point => point.Count);
        long failed = points.Sum(point => point.Failed);
        double mean = points.Sum(point => point.MeanMilliseconds * (point.Count - point.Failed)) / Math.Max(1, count - failed);
        double longest = points.Select(point => point.MaximumMilliseconds).DefaultIfEmpty().Max();
        string words = count == 0 ? "no data" : count == failed ? $"all {failed} failed"
            : string.Create(Words.Culture, $"mean {mean:0.#} ms, longest {longest:0.#} ms{(failed > 0 ? $", {failed} of {count} failed" : "")}");
        return Html.Of($"<figure><figcaption><b>{series.Step}</b> from {series.Location}<br><span class=\"faint\">{words}</span></figcaption>{Graphs.Line(points, resolution, now, span, $"{series.Step} from {series.Location}: {words}")}</figure>");
    }

    private static Html Window(ComponentView component, (string Title, TimeSpan Resolution, TimeSpan Span) window, DateTimeOffset now, Measure measure) => Html.Of($"""
        <section><h2>{window.Title}</h2><div class="card graphs">{measure(component.Name, window.Resolution, window.Span).Select(one => DrawSeries(one.Series, one.Points, window.Resolution, window.Span, now))}</div></section>
        """);
}
