using Holdfast.Status.Managing;
using Holdfast.Status.Page;
using Holdfast.Status.Serving;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Holdfast.Status.Notifying;

/// <summary>
/// The pages on which anybody asks to be told by mail, confirms it, and ends it. A link alone does nothing, since programs that check mail follow links; what it leads to is a button. The
/// one-click unsubscription of RFC 8058 is a POST without a page.
/// </summary>
internal sealed class SubscriptionPages(Subscriptions subscriptions, StatusDesk desk, PageOptions options)
{
    private const int MaximumBytes = 16 * 1024;

    private readonly Layout _layout = new(options);

    /// <summary>Whether a path is one of these pages.</summary>
    public static bool Serves(string path) => path == "subscribe" || path.StartsWith("confirm/", StringComparison.Ordinal) || path.StartsWith("unsubscribe/", StringComparison.Ordinal);

    /// <summary>Answers a request.</summary>
    public async Task ServeAsync(HttpContext context, string path)
    {
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
        context.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = MaximumBytes;
        bool isPost = HttpMethods.IsPost(context.Request.Method);
        if (!isPost && !HttpMethods.IsGet(context.Request.Method))
        {
            await Answers.RefuseMethodAsync(context, "GET, POST");
            return;
        }

        switch (path.Split('/'))
        {
            case ["subscribe"] when isPost: await TakeAsync(context); break;
            case ["subscribe"]: await SayAsync(context, StatusCodes.Status200OK, "Be told by mail", Form(""), ""); break;
            case ["confirm", var id, var token]: await ConfirmAsync(context, id, token, isPost); break;
            case ["unsubscribe", var id, var token]: await RemoveAsync(context, id, token, isPost); break;
            default: await SayAsync(context, StatusCodes.Status404NotFound, "Nothing is here", Html.None, "../"); break;
        }
    }

    private async Task TakeAsync(HttpContext context)
    {
        if (!subscriptions.TakesMail)
        {
            await SayAsync(context, StatusCodes.Status404NotFound, "Be told by mail", Form(""), "");
            return;
        }

        try
        {
            IFormCollection form = await context.Request.ReadFormAsync(context.RequestAborted);
            string address = form["address"].ToString().Trim();
            subscriptions.AskFor(address, new SubscriptionRequest { Components = Names(form, "component"), Locations = Names(form, "location") });
            await SayAsync(context, StatusCodes.Status200OK, "Look into your mailbox", Html.Of($"<p>If {address} is not told already, a mail is on its way to it. Open the address in it, and you will be told.</p>"), "");
        }
        catch (EditException exception)
        {
            int status = exception.Problem == EditProblem.Conflict ? StatusCodes.Status429TooManyRequests : StatusCodes.Status422UnprocessableEntity;
            await SayAsync(context, status, "That did not work", Form(exception.Message), "");
        }
        catch (Exception exception) when (exception is BadHttpRequestException or InvalidDataException or InvalidOperationException)
        {
            await SayAsync(context, StatusCodes.Status400BadRequest, "That did not work", Form("The form could not be read."), "");
        }
    }

    private async Task ConfirmAsync(HttpContext context, string id, string token, bool isPost)
    {
        if (isPost)
        {
            bool isDone = subscriptions.Confirm(id, token);
            await SayAsync(context, isDone ? StatusCodes.Status200OK : StatusCodes.Status404NotFound, isDone ? "You will be told" : "This address is not valid any more", Html.None, "../../");
        }
        else
        {
            await SayAsync(context, StatusCodes.Status200OK, "Be told by mail?", Button("Yes, tell me"), "../../");
        }
    }

    private async Task RemoveAsync(HttpContext context, string id, string token, bool isPost)
    {
        if (!subscriptions.MayRemove(id, token))
        {
            await SayAsync(context, StatusCodes.Status404NotFound, "This address is not valid", Html.None, "../../");
        }
        else if (isPost)
        {
            subscriptions.Remove(id);
            await SayAsync(context, StatusCodes.Status200OK, "You will not be told any more", Html.None, "../../");
        }
        else
        {
            await SayAsync(context, StatusCodes.Status200OK, "No more mail?", Button("No more mail"), "../../");
        }
    }

    private static string[] Names(IFormCollection form, string field) => [.. form[field].OfType<string>().Where(name => name.Length > 0)];

    private static Html Button(string label) => Html.Of($"<form method=\"post\"><button>{label}</button></form>");

    private Html Form(string problem)
    {
        if (!subscriptions.TakesMail)
        {
            return Html.Of($"<p>This page sends no mail. There are feeds: <a href=\"history.atom\">Atom</a>, <a href=\"history.rss\">RSS</a>.</p>");
        }

        StatusView view = desk.Look();
        IEnumerable<string> locations = view.Board.Watchers.Select(watcher => watcher.Location).Distinct();
        return Html.Of($"""
            {(problem.Length == 0 ? Html.None : Html.Of($"<p class=\"problem\" role=\"alert\">{problem}</p>"))}
            <form method="post" action="subscribe"><label>Your mailbox <input type="email" name="address" required maxlength="254" autocomplete="email"></label>
            <fieldset><legend>About what (none: everything)</legend>{view.Board.Components.Select(component => Choice("component", component.Name))}</fieldset>
            <fieldset><legend>Seen from where (none: everywhere)</legend>{locations.Select(location => Choice("location", location))}</fieldset>
            <button>Ask for it</button></form>
            <p class="faint">You get one mail to confirm this, and nothing before you do. Every mail has a link that ends it.</p>
            """);
    }

    private static Html Choice(string field, string name) => Html.Of($"<label class=\"choice\"><input type=\"checkbox\" name=\"{field}\" value=\"{name}\"> {name}</label>");

    private async Task SayAsync(HttpContext context, int status, string title, Html body, string root)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/html; charset=utf-8";
        string document = _layout.Document(title, root, Html.Of($"{_layout.Header(root.Length == 0 ? "./" : root, Html.None)}<main><section><h2>{title}</h2><div class=\"card\">{body}<p><a href=\"{root}index.html\">Status</a></p></div></section></main>"));
        await context.Response.WriteAsync(document, context.RequestAborted);
    }
}
