using System.Security.Cryptography;
using System.Text;
using Holdfast.Status.Managing;
using Holdfast.Status.Notifying;
using Holdfast.Status.Page;
using Holdfast.Status.Serving;
using Holdfast.Status.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Holdfast.Status.Operating;

/// <summary>
/// The operator's pages below <c>/operator</c>. Each but the login needs a session; each form carries its session's token and is taken from this page only, so that no other site can send one.
/// </summary>
internal sealed class OperatorEndpoints(StatusDesk desk, Logins logins, Postmortems postmortems, Subscriptions subscriptions, PageOptions options)
{
    private const string Root = "operator";
    private const string Cookie = "holdfast-operator";
    private const string FormToken = "token";
    private const int MaximumBytes = 512 * 1024;

    private readonly OperatorPages _pages = new(options);
    private readonly OperatorActions _actions = new(desk, subscriptions);

    /// <summary>Whether a path is one of these pages.</summary>
    public static bool Serves(string path) => path == Root || path.StartsWith(Root + "/", StringComparison.Ordinal);

    /// <summary>Answers a request.</summary>
    public async Task ServeAsync(HttpContext context, string path)
    {
        context.Response.Headers.CacheControl = "no-store";

        // With 'no-referrer' browsers would hide where a form of this page comes from, too.
        context.Response.Headers["Referrer-Policy"] = "same-origin";
        context.Response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
        context.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = MaximumBytes;
        string[] parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries)[1..];
        bool isPost = HttpMethods.IsPost(context.Request.Method);
        if (!isPost && !HttpMethods.IsGet(context.Request.Method))
        {
            await Answers.RefuseMethodAsync(context, "GET, POST");
        }
        else if (isPost && !IsFromHere(context.Request))
        {
            await Answers.RefuseAsync(context, StatusCodes.Status403Forbidden, "This form was sent from another site.");
        }
        else if (logins.Find(context.Request.Cookies[Cookie] ?? "") is { } session)
        {
            await (isPost ? TakeAsync(context, parts, session) : ShowAsync(context, parts, session));
        }
        else if (isPost && parts is ["login"])
        {
            await EnterAsync(context);
        }
        else if (parts is ["login"])
        {
            await WriteAsync(context, StatusCodes.Status200OK, _pages.Login(""));
        }
        else
        {
            context.Response.Redirect($"/{Root}/login");
        }
    }

    // Browsers say where a form comes from; one that says nothing sends no cookie of ours from elsewhere either (SameSite).
    private static bool IsFromHere(HttpRequest request)
    {
        string site = request.Headers["Sec-Fetch-Site"].ToString();
        string origin = request.Headers.Origin.ToString();
        return site is "" or "same-origin" or "none"
            && (origin.Length == 0 || (Uri.TryCreate(origin, UriKind.Absolute, out Uri? from) && from.Authority == request.Host.Value));
    }

    private async Task EnterAsync(HttpContext context)
    {
        if (await ReadFormAsync(context) is not { } form)
        {
            return;
        }

        (LoginResult result, string token) = await logins.EnterAsync(form["name"].ToString(), form["password"].ToString(), context.RequestAborted);
        if (result != LoginResult.Welcome)
        {
            bool isWrong = result == LoginResult.Wrong;
            await WriteAsync(
                context,
                isWrong ? StatusCodes.Status401Unauthorized : StatusCodes.Status429TooManyRequests,
                _pages.Login(isWrong ? "Name or password is wrong." : $"Too many wrong passwords. Try again in {Words.Duration(Logins.Window)}."));
            return;
        }

        bool isSecure = context.Request.IsHttps || context.Request.Headers["X-Forwarded-Proto"] == "https" || options.Address.StartsWith("https://", StringComparison.Ordinal);
        context.Response.Cookies.Append(Cookie, token, new CookieOptions
        {
            HttpOnly = true,
            SameSite = SameSiteMode.Strict,
            Secure = isSecure,
            Path = $"/{Root}",
        });
        Go(context, "");
    }

    private async Task ShowAsync(HttpContext context, string[] parts, Session session)
    {
        string said = context.Request.Query["said"].ToString();
        StatusView view = desk.Look();
        switch (parts)
        {
            case [] or ["login"]:
                await WriteAsync(context, StatusCodes.Status200OK, _pages.Desk(view, session, said));
                break;
            case ["incidents", var text] when long.TryParse(text, out long id) && view.Incidents.FirstOrDefault(one => one.Id == id) is { } incident:
                string draft = await postmortems.DraftAsync(incident, context.RequestAborted);
                await WriteAsync(context, StatusCodes.Status200OK, _pages.Incident(incident, view, draft, session, said));
                break;
            case ["subscribers"]:
                var people = desk.Use(tables => (tables.Subscribers.All(), tables.Deliveries.Failures(50), tables.Deliveries.CountWaiting()));
                await WriteAsync(context, StatusCodes.Status200OK, _pages.Subscribers(people, view, session, said));
                break;
            case ["audit"]:
                await WriteAsync(context, StatusCodes.Status200OK, _pages.Audit(desk.Use(tables => tables.Audit.Newest(500)), session));
                break;
            default:
                await WriteAsync(context, StatusCodes.Status404NotFound, _pages.Refusal("Nothing is here.", session));
                break;
        }
    }

    private async Task TakeAsync(HttpContext context, string[] parts, Session session)
    {
        if (await ReadFormAsync(context) is not { } form)
        {
            return;
        }

        if (!CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(form[FormToken].ToString()), Encoding.UTF8.GetBytes(session.FormToken)))
        {
            await WriteAsync(context, StatusCodes.Status403Forbidden, _pages.Refusal("This form belongs to another login. Go back, load the page again, and repeat what you did.", session));
            return;
        }

        if (parts is ["logout"])
        {
            logins.Leave(session);
            context.Response.Cookies.Delete(Cookie, new CookieOptions { Path = $"/{Root}" });
            context.Response.Redirect($"/{Root}/login");
            return;
        }

        try
        {
            (string next, string said) = _actions.Do(session.Operator, parts, new FormFields(form));
            Go(context, $"{next}?said={Uri.EscapeDataString(said)}");
        }
        catch (EditException exception)
        {
            int status = exception.Problem switch
            {
                EditProblem.Missing => StatusCodes.Status404NotFound,
                EditProblem.Conflict => StatusCodes.Status409Conflict,
                _ => StatusCodes.Status422UnprocessableEntity,
            };
            await WriteAsync(context, status, _pages.Refusal(exception.Message, session));
        }
    }

    private async Task<IFormCollection?> ReadFormAsync(HttpContext context)
    {
        try
        {
            return await context.Request.ReadFormAsync(context.RequestAborted);
        }
        catch (Exception exception) when (exception is BadHttpRequestException or InvalidDataException or InvalidOperationException)
        {
            await WriteAsync(context, StatusCodes.Status400BadRequest, _pages.Refusal("The form could not be read.", null));
            return null;
        }
    }

    // 303, so that loading the page again sends nothing twice.
    private static void Go(HttpContext context, string to)
    {
        context.Response.StatusCode = StatusCodes.Status303SeeOther;
        context.Response.Headers.Location = to.Length == 0 ? $"/{Root}" : $"/{Root}/{to}".Replace($"/{Root}/?", $"/{Root}?", StringComparison.Ordinal);
    }

    private static async Task WriteAsync(HttpContext context, int status, string document)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/html; charset=utf-8";
        await context.Response.WriteAsync(document, context.RequestAborted);
    }
}
