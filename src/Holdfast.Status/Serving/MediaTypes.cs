namespace Holdfast.Status.Serving;

/// <summary>The media types of what the page serves.</summary>
internal static class MediaTypes
{
    /// <summary>The type of a document, by how its path ends.</summary>
    public static string Of(string path) => Path.GetExtension(path) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".csv" => "text/csv; charset=utf-8",
        ".atom" => "application/atom+xml; charset=utf-8",
        ".rss" => "application/rss+xml; charset=utf-8",
        ".ics" => "text/calendar; charset=utf-8",
        ".svg" => "image/svg+xml",
        ".png" => "image/png",
        ".jpg" => "image/jpeg",
        ".webp" => "image/webp",
        ".json" => "application/json",
        _ => "text/plain; version=0.0.4; charset=utf-8",
    };
}
