using System.Globalization;
using System.Text;

namespace Holdfast.Server.Bench.Growth;

/// <summary>Draws a curve as SVG: one panel for each measure, below each other, over the same logarithmic axis.</summary>
internal static class GrowthPlot
{
    private const int Width = 640;
    private const int PanelHeight = 150;
    private const int Left = 70;
    private const int Right = 20;
    private const int Top = 30;
    private const int Bottom = 45;
    private const int Gap = 34;
    private const string Ink = "#334155";
    private const string Line = "#0f766e";
    private const string Grid = "#e2e8f0";

    /// <summary>The drawing.</summary>
    /// <param name="curve">The curve.</param>
    public static string Draw(GrowthCurve curve)
    {
        int height = Top + (curve.Measures.Count * (PanelHeight + Gap)) + Bottom - Gap;
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {height}\" font-family=\"sans-serif\" font-size=\"11\" fill=\"{Ink}\">\n");
        svg.Append(CultureInfo.InvariantCulture, $"<rect width=\"{Width}\" height=\"{height}\" fill=\"#ffffff\"/>\n");
        var horizontal = new Axis(curve.Points.Min(point => point.Quantity), curve.Points.Max(point => point.Quantity), Left + 10, Width - Right - 10, isLogarithmic: true);
        for (int measure = 0; measure < curve.Measures.Count; measure++)
        {
            DrawPanel(svg, curve, measure, horizontal, Top + (measure * (PanelHeight + Gap)));
        }

        foreach (double quantity in curve.Points.Select(point => point.Quantity))
        {
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{horizontal.At(quantity):0.#}\" y=\"{height - 26}\" text-anchor=\"middle\">{Short(quantity)}</text>\n");
        }

        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Width / 2}\" y=\"{height - 8}\" text-anchor=\"middle\">{Escape(curve.Quantity)}</text>\n</svg>\n");
        return svg.ToString();
    }

    /// <summary>A number in at most four characters and a letter.</summary>
    /// <param name="value">The number.</param>
    public static string Short(double value) => Math.Abs(value) switch
    {
        >= 1e9 => (value / 1e9).ToString("0.#", CultureInfo.InvariantCulture) + "G",
        >= 1e6 => (value / 1e6).ToString("0.#", CultureInfo.InvariantCulture) + "M",
        >= 1e4 => (value / 1e3).ToString("0.#", CultureInfo.InvariantCulture) + "k",
        >= 100 or 0 => value.ToString("0", CultureInfo.InvariantCulture),
        >= 10 => value.ToString("0.#", CultureInfo.InvariantCulture),
        _ => value.ToString("0.##", CultureInfo.InvariantCulture),
    };

    private static void DrawPanel(StringBuilder svg, GrowthCurve curve, int measure, Axis horizontal, int top)
    {
        (double X, double Y)[] values =
        [
            .. curve.Points.Where(point => point.Values[measure] is not null).Select(point => (horizontal.At(point.Quantity), point.Values[measure]!.Value)),
        ];
        int bottom = top + PanelHeight;
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left}\" y=\"{top - 8}\" font-weight=\"bold\">{Escape(curve.Measures[measure])}</text>\n");
        var vertical = new Axis(0, Math.Max(1e-9, values.Select(value => value.Y).DefaultIfEmpty(1).Max()), bottom, top, isLogarithmic: false);
        foreach (double tick in vertical.Ticks())
        {
            svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{vertical.At(tick):0.#}\" y2=\"{vertical.At(tick):0.#}\" stroke=\"{Grid}\"/>\n");
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left - 6}\" y=\"{vertical.At(tick) + 4:0.#}\" text-anchor=\"end\">{Short(tick)}</text>\n");
        }

        string path = string.Join(' ', values.Select(value => string.Create(CultureInfo.InvariantCulture, $"{value.X:0.#},{vertical.At(value.Y):0.#}")));
        svg.Append(CultureInfo.InvariantCulture, $"<polyline points=\"{path}\" fill=\"none\" stroke=\"{Line}\" stroke-width=\"2\"/>\n");
        foreach ((double x, double y) in values)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<circle cx=\"{x:0.#}\" cy=\"{vertical.At(y):0.#}\" r=\"3\" fill=\"{Line}\"><title>{Short(y)}</title></circle>\n");
        }
    }

    private static string Escape(string text) => text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal);

    /// <summary>From numbers to places.</summary>
    private readonly struct Axis(double least, double most, double start, double end, bool isLogarithmic)
    {
        private const int MostTicks = 4;

        public double At(double value)
        {
            double place = isLogarithmic
                ? most > least ? (Math.Log(value) - Math.Log(least)) / (Math.Log(most) - Math.Log(least)) : 0.5
                : (value - least) / (most - least);
            return start + (place * (end - start));
        }

        // Steps of 1, 2 or 5 times a power of ten.
        public IEnumerable<double> Ticks()
        {
            double raw = (most - least) / MostTicks;
            double power = Math.Pow(10, Math.Floor(Math.Log10(raw)));
            double step = power * ((raw / power) switch { <= 1 => 1, <= 2 => 2, <= 5 => 5, _ => 10 });
            double last = most;
            return Enumerable.Range(0, MostTicks + 1).Select(index => index * step).Where(tick => tick <= last * 1.001);
        }
    }
}
