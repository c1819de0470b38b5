using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Encodings.Web;

namespace Holdfast.Status.Page;

/// <summary>
/// HTML that is made from interpolated strings: the literal parts are markup, every hole is text and is encoded, unless it is HTML itself. So nothing that
/// comes from outside can become markup.
/// </summary>
internal sealed class Html
{
    private readonly string _markup;

    private Html(string markup)
    {
        _markup = markup;
    }

    /// <summary>No HTML.</summary>
    public static Html None { get; } = new("");

    /// <summary>Makes HTML.</summary>
    public static Html Of(Builder builder) => new(builder.Markup);

    /// <summary>HTML that was made by something that encodes what it is given; only <see cref="Markdown"/> uses it.</summary>
    public static Html Trusted(string markup) => new(markup);

    /// <summary>One after the other.</summary>
    public static Html Join(IEnumerable<Html> parts) => new(string.Concat(parts.Select(part => part._markup)));

    /// <inheritdoc/>
    public override string ToString() => _markup;

    /// <summary>Takes the parts of an interpolated string.</summary>
    [InterpolatedStringHandler]
    internal readonly ref struct Builder(int literalLength, int formattedCount)
    {
        private const int UsualHole = 16;

        private readonly StringBuilder _text = new(literalLength + (formattedCount * UsualHole));

        /// <summary>The HTML so far.</summary>
        public string Markup => _text.ToString();

        /// <summary>Markup.</summary>
        public void AppendLiteral(string markup) => _text.Append(markup);

        /// <summary>HTML.</summary>
        public void AppendFormatted(Html html) => _text.Append(html._markup);

        /// <summary>HTML, one after the other.</summary>
        public void AppendFormatted(IEnumerable<Html> parts) => _text.Append(Join(parts)._markup);

        /// <summary>Text.</summary>
        public void AppendFormatted(string? text) => _text.Append(HtmlEncoder.Default.Encode(text ?? ""));

        /// <summary>Anything else, as text.</summary>
        public void AppendFormatted<T>(T value, string? format = null)
            where T : IFormattable
            => AppendFormatted(value.ToString(format, System.Globalization.CultureInfo.InvariantCulture));
    }
}
