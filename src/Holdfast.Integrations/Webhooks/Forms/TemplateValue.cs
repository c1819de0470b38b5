using System.Collections;
using System.Text.Json;

namespace Holdfast.Integrations.Webhooks.Forms;

/// <summary>A JSON value as a template sees it: fields by name, text as it is, everything else as JSON.</summary>
internal sealed class TemplateValue(JsonElement element, TemplateBudget budget)
{
    /// <summary>Whether a section on it is shown.</summary>
    public bool IsTruthy => element.ValueKind is not (JsonValueKind.False or JsonValueKind.Null or JsonValueKind.Undefined);

    /// <summary>A field; null when there is none.</summary>
    public object? Get(string name)
        => element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? Wrap(value, budget) : null;

    public override string ToString() => budget.Spend(element.GetRawText());

    internal static object? Wrap(JsonElement value, TemplateBudget budget) => value.ValueKind switch
    {
        JsonValueKind.String => budget.Spend(value.GetString()!),
        JsonValueKind.Array => new TemplateItems(value, budget),
        JsonValueKind.Null => null,
        _ => new TemplateValue(value, budget),
    };
}

/// <summary>A JSON array as a template sees it.</summary>
internal sealed class TemplateItems(JsonElement array, TemplateBudget budget) : IEnumerable<object?>
{
    public IEnumerator<object?> GetEnumerator()
    {
        foreach (var item in array.EnumerateArray())
        {
            budget.SpendItem();
            yield return TemplateValue.Wrap(item, budget);
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public override string ToString() => budget.Spend(array.GetRawText());
}

/// <summary>
/// What one event may take of a template. A device decides what arrays its payload has, and sections may stand within each other, so without a bound
/// a small event could become a body of any size.
/// </summary>
internal sealed class TemplateBudget
{
    /// <summary>Most items of arrays that are gone through.</summary>
    public const int Items = 10_000;

    /// <summary>Most characters of values that are written.</summary>
    public const int Characters = 4_000_000;

    private int _items;
    private int _characters;

    public void SpendItem()
    {
        if (++_items > Items)
        {
            throw new TemplateBudgetException($"it goes through more than {Items} items.");
        }
    }

    public string Spend(string text)
    {
        _characters += text.Length;
        return _characters <= Characters ? text : throw new TemplateBudgetException($"it writes more than {Characters} characters.");
    }
}

/// <summary>A template asks for too much.</summary>
internal sealed class TemplateBudgetException(string message) : Exception(message);
