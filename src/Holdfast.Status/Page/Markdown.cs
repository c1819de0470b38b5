using Markdig;
using Markdig.Renderers;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace Holdfast.Status.Page;

/// <summary>Markdown that people wrote, as HTML: markup in it stays text, links lead to the web or to a mailbox only, and pictures are links.</summary>
internal static class Markdown
{
    // Tables without alignment need no inline style, which the page's policy forbids.
    private static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder().DisableHtml().UsePipeTables().UseAutoLinks().Build();

    /// <summary>Draws a text.</summary>
    public static Html Draw(string text)
    {
        MarkdownDocument document = Markdig.Markdown.Parse(text, Pipeline);
        foreach (LinkInline link in document.Descendants<LinkInline>())
        {
            link.IsImage = false;
            link.Url = IsSafe(link.Url) ? link.Url : "";
        }

        foreach (AutolinkInline link in document.Descendants<AutolinkInline>().Where(link => !link.IsEmail && !IsSafe(link.Url)).ToArray())
        {
            link.ReplaceBy(new LiteralInline(link.Url));
        }

        // The page has headings of its own above.
        foreach (HeadingBlock heading in document.Descendants<HeadingBlock>())
        {
            heading.Level = Math.Min(6, heading.Level + 1);
        }

        using var markup = new StringWriter();
        var renderer = new HtmlRenderer(markup);
        Pipeline.Setup(renderer);
        renderer.Render(document);
        return Html.Trusted(markup.ToString());
    }

    private static bool IsSafe(string? url)
        => url is not null && (url.StartsWith("https://", StringComparison.OrdinalIgnoreCase) || url.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || url.StartsWith("mailto:", StringComparison.OrdinalIgnoreCase));
}
