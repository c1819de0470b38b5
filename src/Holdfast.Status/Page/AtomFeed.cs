using System.Xml.Linq;
using Holdfast.Status.Announcements;
using Holdfast.Status.Incidents;
using Holdfast.Status.Serving;

namespace Holdfast.Status.Page;

/// <summary>The incidents as an Atom feed.</summary>
internal sealed class AtomFeed(PageOptions options)
{
    /// <summary>So many incidents are in a feed.</summary>
    public const int Entries = 50;

    private static readonly XNamespace Atom = "http://www.w3.org/2005/Atom";

    /// <summary>Writes the feed.</summary>
    public string Draw(StatusView view) => new XDocument(
        new XElement(
            Atom + "feed",
            new XElement(Atom + "id", "urn:holdfast:status:incidents"),
            new XElement(Atom + "title", $"{Clean(options.Name)} status"),
            new XElement(Atom + "updated", view.Incidents.Select(incident => incident.UpdatedAt).DefaultIfEmpty(view.Board.At).Max().UtcDateTime),
            new XElement(Atom + "author", new XElement(Atom + "name", Clean(options.Name))),
            view.Incidents.Take(Entries).Select(Entry), view.Announcements.Take(Entries).Select(Entry))).ToString(SaveOptions.DisableFormatting);

    private XElement Entry(Incident incident) => new(
        Atom + "entry",
        new XElement(Atom + "id", $"urn:holdfast:status:incident:{incident.Id}"),
        new XElement(Atom + "title", $"{Clean(incident.Title)} ({incident.Status})"),
        new XElement(Atom + "published", incident.StartedAt.UtcDateTime),
        new XElement(Atom + "updated", incident.UpdatedAt.UtcDateTime),
        new XElement(Atom + "link", new XAttribute("href", options.LinkTo($"incidents/{incident.Id}.html"))),
        new XElement(Atom + "content", new XAttribute("type", "text"), Told(incident)));

    private XElement Entry(Announcement announcement) => new(
        Atom + "entry",
        new XElement(Atom + "id", $"urn:holdfast:status:announcement:{announcement.Id}"),
        new XElement(Atom + "title", Clean(announcement.Title)),
        new XElement(Atom + "updated", announcement.At.UtcDateTime),
        new XElement(Atom + "link", new XAttribute("href", options.LinkTo($"#announcement-{announcement.Id}"))),
        new XElement(Atom + "content", new XAttribute("type", "text"), Clean(announcement.Text)));

    /// <summary>What was said about an incident, the newest first.</summary>
    public static string Told(Incident incident)
        => string.Join("\n", incident.Updates.Reverse().Select(update => $"{update.At.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC {update.Status}: {Clean(update.Text)}"));

    /// <summary>A text without what XML has no way to write: most control characters.</summary>
    public static string Clean(string text) => string.Concat(text.Where(character => (character == '\n' || !char.IsControl(character)) && !char.IsSurrogate(character) && character is not ('\uFFFE' or '\uFFFF')));
}
