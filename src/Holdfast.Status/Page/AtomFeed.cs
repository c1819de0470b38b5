using System.Xml.Linq;
using Holdfast.Status.Incidents;
using Holdfast.Status.Serving;

namespace Holdfast.Status.Page;

/// <summary>The incidents as an Atom feed.</summary>
internal sealed class AtomFeed(PageOptions options)
{
    private const int Entries = 50;

    private static readonly XNamespace Atom = "http://www.w3.org/2005/Atom";

    /// <summary>Writes the feed.</summary>
    public string Draw(StatusView view) => new XDocument(
        new XElement(
            Atom + "feed",
            new XElement(Atom + "id", "urn:holdfast:status:incidents"),
            new XElement(Atom + "title", $"{Clean(options.Name)} status"),
            new XElement(Atom + "updated", view.Incidents.Select(UpdatedAt).DefaultIfEmpty(view.Board.At).Max().UtcDateTime),
            new XElement(Atom + "author", new XElement(Atom + "name", Clean(options.Name))),
            view.Incidents.Take(Entries).Select(Entry))).ToString(SaveOptions.DisableFormatting);

    private static XElement Entry(Incident incident) => new(
        Atom + "entry",
        new XElement(Atom + "id", $"urn:holdfast:status:incident:{incident.Id}"),
        new XElement(Atom + "title", $"{Clean(incident.Title)} ({incident.Status})"),
        new XElement(Atom + "published", incident.StartedAt.UtcDateTime),
        new XElement(Atom + "updated", UpdatedAt(incident).UtcDateTime),
        new XElement(Atom + "link", new XAttribute("href", $"./#incident-{incident.Id}")),
        new XElement(Atom + "content", new XAttribute("type", "text"), string.Join("\n", incident.Updates.Reverse().Select(update => $"{update.At.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC {update.Status}: {Clean(update.Text)}"))));

    private static DateTimeOffset UpdatedAt(Incident incident) => incident.Updates.Count > 0 ? incident.Updates[^1].At : incident.StartedAt;

    // XML has no way to write most control characters.
    private static string Clean(string text) => string.Concat(text.Where(character => (character == '\n' || !char.IsControl(character)) && !char.IsSurrogate(character)));
}
