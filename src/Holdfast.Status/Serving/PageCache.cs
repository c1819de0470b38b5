using System.Text;
using Holdfast.Status.Page;

namespace Holdfast.Status.Serving;

/// <summary>What is served: each document is drawn at most once a second however many ask, and all documents of a second show the same moment. What a person has done is seen at once.</summary>
internal sealed class PageCache(StatusDesk desk, PageOptions options, TimeProvider time)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly Site _site = new(options);
    private readonly Dictionary<string, byte[]?> _documents = [];
    private StatusView? _view;
    private long _edits;
    private DateTimeOffset _lookedAt = DateTimeOffset.MinValue;

    /// <summary>A document by its path without the leading slash.</summary>
    /// <returns>Its UTF-8, or null when there is none.</returns>
    public byte[]? Find(string path)
    {
        lock (_lock)
        {
            DateTimeOffset now = time.GetUtcNow();
            long edits = desk.Edits;
            if (_view is null || edits != _edits || now - _lookedAt >= Lifetime || now < _lookedAt)
            {
                // Judged as of now: a page that is drawn cannot be older than its own clock says, whoever stopped calling.
                desk.Tick();
                _view = desk.Look();
                _documents.Clear();
                _lookedAt = now;
                _edits = edits;
            }

            if (!_documents.TryGetValue(path, out byte[]? document) && _site.Draw(path, _view, desk.Measurements) is { } text)
            {
                _documents.Add(path, document = Encoding.UTF8.GetBytes(text));
            }

            return document;
        }
    }
}
