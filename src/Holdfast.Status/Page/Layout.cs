namespace Holdfast.Status.Page;

/// <summary>What all pages have in common.</summary>
/// <param name="options">What the operator chose.</param>
internal sealed class Layout(PageOptions options)
{
    /// <summary>A page.</summary>
    /// <param name="title">What the browser calls it.</param>
    /// <param name="root">The way to the first page: empty, or <c>../</c>.</param>
    /// <param name="body">What is in it.</param>
    /// <param name="head">More for its head.</param>
    public string Document(string title, string root, Html body, Html? head = null) => Html.Of($"""
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">{head ?? Html.None}
        <title>{title} · {options.Name} status</title><link rel="stylesheet" href="{root}style.css"><link rel="alternate" type="application/atom+xml" href="{root}history.atom" title="Incidents"></head>
        <body>
        {body}
        </body></html>

        """).ToString();

    /// <summary>The top of a page: whose status it is.</summary>
    /// <param name="root">The way to the first page.</param>
    /// <param name="aside">What stands beside it.</param>
    public Html Header(string root, Html aside)
    {
        Html logo = options.Logo.Length == 0 ? Html.None : Html.Of($"<img class=\"logo\" src=\"{root}logo{Path.GetExtension(options.Logo)}\" alt=\"\">");
        Html name = Html.Of($"{logo}{options.Name} status");
        return Html.Of($"<header><h1>{(root.Length == 0 ? name : Html.Of($"<a href=\"{root}index.html\">{name}</a>"))}</h1>{aside}</header>");
    }

    /// <summary>A moment, for people and programs.</summary>
    public static Html Time(DateTimeOffset time) => Html.Of($"<time datetime=\"{time.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}\">{time.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC</time>");

    /// <summary>A section; none when there is nothing in it.</summary>
    public static Html Section(string title, IEnumerable<Html> parts)
    {
        Html all = Html.Join(parts);
        return all.ToString().Length == 0 ? Html.None : Html.Of($"<section><h2>{title}</h2>{all}</section>");
    }
}
