using Holdfast.Status.Page;
using Holdfast.Status.Serving;

namespace Holdfast.Status.Operating;

/// <summary>The fields that forms are made of.</summary>
internal static class Fields
{
    /// <summary>A form with the token of its login.</summary>
    public static Html Form(string action, string formToken, Html fields, string button)
        => Html.Of($"<form method=\"post\" action=\"/operator/{action}\"><input type=\"hidden\" name=\"token\" value=\"{formToken}\">{fields}<button>{button}</button></form>");

    /// <summary>A line of text.</summary>
    public static Html Line(string label, string name, string value = "", bool isRequired = true)
        => Html.Of($"<label>{label} <input name=\"{name}\" value=\"{value}\" maxlength=\"500\"{(isRequired ? Html.Of($" required") : Html.None)}></label>");

    /// <summary>Several lines of text.</summary>
    public static Html Text(string label, string name, string value = "", int rows = 3)
        => Html.Of($"<label>{label} <textarea name=\"{name}\" rows=\"{rows}\" required>\n{value}</textarea></label>");

    /// <summary>A moment.</summary>
    public static Html Time(string label, string name, DateTimeOffset? value = null)
        => Html.Of($"<label>{label} <input type=\"datetime-local\" name=\"{name}\" value=\"{(value is { } time ? time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm", Words.Culture) : "")}\"></label>");

    /// <summary>One of several values.</summary>
    public static Html Choice(string label, string name, IEnumerable<(string Value, string Label)> choices, string chosen = "")
        => Html.Of($"<label>{label} <select name=\"{name}\">{choices.Select(choice => Html.Of($"<option value=\"{choice.Value}\"{(choice.Value == chosen ? Html.Of($" selected") : Html.None)}>{choice.Label}</option>"))}</select></label>");

    /// <summary>Any of the components.</summary>
    public static Html Components(StatusView view, IReadOnlyCollection<string>? chosen = null) => Names("Components", "components", view.Board.Components.Select(component => component.Name), chosen);

    /// <summary>Any of several names.</summary>
    public static Html Names(string label, string name, IEnumerable<string> names, IReadOnlyCollection<string>? chosen = null)
        => Html.Of($"<fieldset><legend>{label}</legend>{names.Select(one => Html.Of($"<label class=\"choice\"><input type=\"checkbox\" name=\"{name}\" value=\"{one}\"{(chosen?.Contains(one) == true ? Html.Of($" checked") : Html.None)}> {one}</label>"))}</fieldset>");

    /// <summary>Only a button.</summary>
    public static Html Button(string action, string formToken, string label) => Form(action, formToken, Html.None, label);
}
