namespace Holdfast.Status.Page;

/// <summary>The style sheet, with the operator's colours.</summary>
internal static class StyleSheet
{
    private static readonly string Rules = Load();

    /// <summary>The text.</summary>
    public static string Text(PageOptions options)
        => $":root {{ --accent: {options.Accent}; }}\n@media (prefers-color-scheme: dark) {{ :root {{ --accent: {options.AccentDark}; }} }}\n{Rules}";

    private static string Load()
    {
        using var reader = new StreamReader(typeof(StyleSheet).Assembly.GetManifestResourceStream("style.css")!);
        return reader.ReadToEnd();
    }
}
