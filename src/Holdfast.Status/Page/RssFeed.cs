using System.Xml.Linq;
using Holdfast.Status.Serving;

namespace Holdfast.Status.Page;

/// <summary>The incidents as RSS 2.0, for readers that know no Atom.</summary>
internal sealed class RssFeed(PageOptions options)
{
    /// <summary>Writes the feed.</summary>
    public string Draw(StatusView view) => new XElement(
        "rss",
        new XAttribute("version", "2.0"),
        new XElement(
            "channel",
            new XElement("title", $"{AtomFeed.Clean(options.Name)} status"),
            new XElement("link", options.Address.Length > 0 ? options.Address : "./"),
            new XElement("description", "Incidents, as they are measured and told."),
            view.Incidents.Take(AtomFeed.Entries).Select(incident => new XElement(
                "item",
                new XElement("title", $"{AtomFeed.Clean(incident.Title)} ({incident.Status})"),
                new XElement("guid", new XAttribute("isPermaLink", "false"), $"urn:holdfast:status:incident:{incident.Id}:{incident.Updates.Count}"),
                new XElement("link", options.LinkTo($"incidents/{incident.Id}.html")),
                new XElement("pubDate", incident.UpdatedAt.UtcDateTime.ToString("r", Words.Culture)),
                new XElement("description", AtomFeed.Told(incident)))))).ToString(SaveOptions.DisableFormatting);
}
