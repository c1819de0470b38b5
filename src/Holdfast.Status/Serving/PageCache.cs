using System.Text;
using Holdfast.Status.Page;

namespace Holdfast.Status.Serving;

/// <summary>What is served, drawn at most once a second however many ask: all documents of one moment.</summary>
internal sealed class PageCache(StatusDesk desk, PageOptions options, TimeProvider time)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly StatusPage _page = new(options);
    private readonly StatuspageApi _api = new(options);
    private readonly AtomFeed _feed = new(options);
    private Dictionary<string, byte[]> _documents = [];
    private DateTimeOffset _drawnAt = DateTimeOffset.MinValue;

    /// <summary>A document by its path without the leading slash.</summary>
    /// <returns>Its UTF-8, or null when there is none.</returns>
    public byte[]? Find(string path)
    {
        lock (_lock)
        {
            DateTimeOffset now = time.GetUtcNow();
            if (now - _drawnAt >= Lifetime || now < _drawnAt)
            {
                // Judged as of now: a page that is drawn cannot be older than its own clock says, whoever stopped calling.
                desk.Tick();
                _documents = Draw(desk.Look());
                _drawnAt = now;
            }

            return _documents.GetValueOrDefault(path);
        }
    }

    /// <summary>All documents by their path, for any web host.</summary>
    public Dictionary<string, byte[]> Draw(StatusView view)
    {
        var documents = new Dictionary<string, byte[]>
        {
            ["index.html"] = Encoding.UTF8.GetBytes(_page.Draw(view, desk.Measurements)),
            ["history.atom"] = Encoding.UTF8.GetBytes(_feed.Draw(view)),
            ["style.css"] = Encoding.UTF8.GetBytes(StyleSheet.Text(options)),
        };
        foreach ((string name, string json) in _api.Documents(view))
        {
            documents.Add($"api/v2/{name}", Encoding.UTF8.GetBytes(json));
        }

        return documents;
    }
}
