// The app on net/http: middleware and VerifySession of the official SDK. Nothing in here knows that Doorward answers.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"

	"github.com/supertokens/supertokens-golang/recipe/multitenancy"
	"github.com/supertokens/supertokens-golang/recipe/multitenancy/multitenancymodels"
	"github.com/supertokens/supertokens-golang/recipe/session"
	"github.com/supertokens/supertokens-golang/recipe/session/claims"
	"github.com/supertokens/supertokens-golang/recipe/session/sessmodels"
	"github.com/supertokens/supertokens-golang/supertokens"
)

type object = map[string]interface{}

// input is all that any route takes.
type input struct {
	User      string   `json:"user"`
	Tenant    string   `json:"tenant"`
	Handle    string   `json:"handle"`
	Handles   []string `json:"handles"`
	Role      string   `json:"role"`
	Payload   object   `json:"payload"`
	Data      object   `json:"data"`
	Update    object   `json:"update"`
	Validity  *uint64  `json:"validity"`
	UseStatic *bool    `json:"useStatic"`
}

// roles says who is an admin, as an application's own database would.
var roles sync.Map

var roleClaim, roleValidators = claims.PrimitiveClaim("role", func(user, _ string, _ supertokens.UserContext) (interface{}, error) {
	if role, found := roles.Load(user); found {
		return role, nil
	}
	return "user", nil
}, nil)

func yes() *bool {
	value := true
	return &value
}

func no() *bool {
	value := false
	return &value
}

func initSDK(origin string) error {
	antiCSRF := os.Getenv("ANTI_CSRF")
	if antiCSRF == "" {
		antiCSRF = "NONE"
	}
	config := &sessmodels.TypeInput{AntiCsrf: &antiCSRF}
	if os.Getenv("OWN_HANDLERS") != "" {
		config.ErrorHandlers = &sessmodels.ErrorHandlers{OnTokenTheftDetected: onTheft}
	}
	return supertokens.Init(supertokens.TypeInput{
		Supertokens: &supertokens.ConnectionInfo{ConnectionURI: os.Getenv("CORE_URI"), APIKey: os.Getenv("API_KEY")},
		AppInfo:     supertokens.AppInfo{AppName: "compat", APIDomain: origin, WebsiteDomain: origin},
		RecipeList:  []supertokens.Recipe{session.Init(config), multitenancy.Init(nil)},
	})
}

// onTheft stands in place of the SDK's own answer to theft: it says whose session it was.
func onTheft(handle string, user string, _ *http.Request, w http.ResponseWriter) error {
	if _, err := session.RevokeSession(handle); err != nil {
		return err
	}
	send(w, http.StatusUnauthorized, object{"message": "token theft detected", "handle": handle, "user": user})
	return nil
}

func describe(container sessmodels.SessionContainer) object {
	return object{
		"handle":  container.GetHandle(),
		"user":    container.GetUserID(),
		"tenant":  container.GetTenantId(),
		"payload": container.GetAccessTokenPayload(),
	}
}

func send(w http.ResponseWriter, status int, body interface{}) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// answer sends what came of a route; an error that is the SDK's own becomes the SDK's answer.
func answer(w http.ResponseWriter, r *http.Request, body interface{}, err error) {
	if err == nil {
		send(w, http.StatusOK, body)
		return
	}
	if err = supertokens.ErrorHandler(err, r, w); err != nil {
		send(w, http.StatusInternalServerError, object{"error": err.Error()})
	}
}

// list is never null in JSON.
func list(handles []string) object {
	return object{"handles": append([]string{}, handles...)}
}

// tenantOf is nil for all tenants.
func tenantOf(in input) *string {
	if in.Tenant == "" {
		return nil
	}
	return &in.Tenant
}

type plain = func(w http.ResponseWriter, r *http.Request, in input) (interface{}, error)

type guarded = func(container sessmodels.SessionContainer, in input) (interface{}, error)

func read(r *http.Request) (input, error) {
	query := r.URL.Query()
	in := input{User: query.Get("user"), Tenant: query.Get("tenant"), Handle: query.Get("handle")}
	if r.Body == nil || r.ContentLength == 0 {
		return in, nil
	}
	return in, json.NewDecoder(r.Body).Decode(&in)
}

func open(route plain) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		in, err := read(r)
		if err != nil {
			send(w, http.StatusBadRequest, object{"error": err.Error()})
			return
		}
		body, err := route(w, r, in)
		answer(w, r, body, err)
	}
}

func behind(options *sessmodels.VerifySessionOptions, route guarded) http.HandlerFunc {
	return session.VerifySession(options, func(w http.ResponseWriter, r *http.Request) {
		in, err := read(r)
		if err != nil {
			send(w, http.StatusBadRequest, object{"error": err.Error()})
			return
		}
		body, err := route(session.GetSessionFromRequestContext(r.Context()), in)
		answer(w, r, body, err)
	})
}

func show(container sessmodels.SessionContainer, _ input) (interface{}, error) {
	return describe(container), nil
}

func onlyAdmins(global []claims.SessionClaimValidator, _ sessmodels.SessionContainer, _ supertokens.UserContext) ([]claims.SessionClaimValidator, error) {
	return append(global, roleValidators.HasValue("admin", nil, nil)), nil
}

// routes needs the SDK to be set up: its guards look for it when they are made.
func routes() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"POST /login": open(func(w http.ResponseWriter, r *http.Request, in input) (interface{}, error) {
			if in.Tenant == "" {
				in.Tenant = "public"
			}
			container, err := session.CreateNewSession(r, w, in.Tenant, in.User, in.Payload, in.Data)
			if err != nil {
				return nil, err
			}
			return describe(container), nil
		}),
		"GET /session":  behind(nil, show),
		"POST /session": behind(nil, show),
		"GET /checked":  behind(&sessmodels.VerifySessionOptions{CheckDatabase: yes()}, show),
		"GET /optional": behind(&sessmodels.VerifySessionOptions{SessionRequired: no()}, func(container sessmodels.SessionContainer, _ input) (interface{}, error) {
			if container == nil {
				return object{"user": nil}, nil
			}
			return object{"user": container.GetUserID()}, nil
		}),
		"POST /logout": behind(nil, func(container sessmodels.SessionContainer, _ input) (interface{}, error) {
			return object{}, container.RevokeSession()
		}),
		"POST /payload": behind(nil, func(container sessmodels.SessionContainer, in input) (interface{}, error) {
			err := container.MergeIntoAccessTokenPayload(in.Update)
			return describe(container), err
		}),
		"GET /data": behind(nil, func(container sessmodels.SessionContainer, _ input) (interface{}, error) {
			data, err := container.GetSessionDataInDatabase()
			return object{"data": data}, err
		}),
		"POST /data": behind(nil, func(container sessmodels.SessionContainer, in input) (interface{}, error) {
			return object{}, container.UpdateSessionDataInDatabase(in.Data)
		}),
		"GET /role": behind(&sessmodels.VerifySessionOptions{OverrideGlobalClaimValidators: onlyAdmins}, show),
		"POST /role/refetch": behind(nil, func(container sessmodels.SessionContainer, _ input) (interface{}, error) {
			return object{}, container.FetchAndSetClaim(roleClaim)
		}),
		"GET /admin/sessions": open(func(_ http.ResponseWriter, _ *http.Request, in input) (interface{}, error) {
			handles, err := session.GetAllSessionHandlesForUser(in.User, tenantOf(in))
			return list(handles), err
		}),
		"GET /admin/session": open(func(_ http.ResponseWriter, _ *http.Request, in input) (interface{}, error) {
			info, err := session.GetSessionInformation(in.Handle)
			if err != nil || info == nil {
				return object{"found": false}, err
			}
			return object{
				"found": true, "handle": info.SessionHandle, "user": info.UserId, "tenant": info.TenantId, "created": info.TimeCreated,
				"expires": info.Expiry, "payload": info.CustomClaimsInAccessTokenPayload, "data": info.SessionDataInDatabase,
			}, nil
		}),
		"POST /admin/revoke": open(func(_ http.ResponseWriter, _ *http.Request, in input) (interface{}, error) {
			revoked, err := session.RevokeSession(in.Handle)
			return object{"revoked": revoked}, err
		}),
		"POST /admin/revoke-many": open(func(_ http.ResponseWriter, _ *http.Request, in input) (interface{}, error) {
			handles, err := session.RevokeMultipleSessions(in.Handles)
			return list(handles), err
		}),
		"POST /admin/revoke-all": open(func(_ http.ResponseWriter, _ *http.Request, in input) (interface{}, error) {
			handles, err := session.RevokeAllSessionsForUser(in.User, tenantOf(in))
			return list(handles), err
		}),
		"POST /admin/payload": open(func(_ http.ResponseWriter, _ *http.Request, in input) (interface{}, error) {
			updated, err := session.MergeIntoAccessTokenPayload(in.Handle, in.Update)
			return object{"updated": updated}, err
		}),
		"POST /admin/data": open(func(_ http.ResponseWriter, _ *http.Request, in input) (interface{}, error) {
			updated, err := session.UpdateSessionDataInDatabase(in.Handle, in.Data)
			return object{"updated": updated}, err
		}),
		"POST /admin/role": open(func(_ http.ResponseWriter, _ *http.Request, in input) (interface{}, error) {
			roles.Store(in.User, in.Role)
			return object{}, nil
		}),
		"POST /admin/tenant": open(func(_ http.ResponseWriter, _ *http.Request, in input) (interface{}, error) {
			made, err := multitenancy.CreateOrUpdateTenant(in.Tenant, multitenancymodels.TenantConfig{})
			if err != nil {
				return nil, err
			}
			return object{"created": made.OK.CreatedNew}, nil
		}),
		"POST /jwt": open(func(_ http.ResponseWriter, _ *http.Request, in input) (interface{}, error) {
			made, err := session.CreateJWT(in.Payload, in.Validity, in.UseStatic)
			if err != nil {
				return nil, err
			}
			if made.OK == nil {
				return nil, fmt.Errorf("the algorithm is not supported")
			}
			return object{"jwt": made.OK.Jwt}, nil
		}),
	}
}

func serve(routes map[string]http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		route, found := routes[r.Method+" "+strings.TrimSuffix(r.URL.Path, "/")]
		if !found {
			http.NotFound(w, r)
			return
		}
		route(w, r)
	}
}

func main() {
	port := os.Getenv("PORT")
	if err := initSDK("http://localhost:" + port); err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", "localhost:"+port)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("ready on", port)
	log.Fatal(http.Serve(listener, supertokens.Middleware(serve(routes()))))
}
