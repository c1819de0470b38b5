using System.Globalization;
using Holdfast.Status.Managing;
using Microsoft.AspNetCore.Http;

namespace Holdfast.Status.Operating;

/// <summary>The fields of a form as requests know them: an empty one is none.</summary>
internal sealed class FormFields(IFormCollection form)
{
    /// <summary>A text, or null.</summary>
    public string? Text(string name) => form[name].ToString() is { Length: > 0 } text ? text : null;

    /// <summary>All that were chosen, or null.</summary>
    public IReadOnlyList<string>? Names(string name) => form[name].OfType<string>().Where(text => text.Length > 0).ToArray() is { Length: > 0 } names ? names : null;

    /// <summary>Whether a box was ticked.</summary>
    public bool IsTicked(string name) => form[name].ToString().Length > 0;

    /// <summary>A number; 0 without one.</summary>
    public long Number(string name) => long.TryParse(form[name].ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : 0;

    /// <summary>A moment in UTC, as browsers write it, or null.</summary>
    public DateTimeOffset? Time(string name) => Text(name) is not { } text ? null
        : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time) ? time
        : throw Input.Invalid($"{name}: write a time in UTC as 2026-01-31T18:30.");
}
